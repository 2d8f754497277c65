using System.Text.Json;
using Telemetry.Bridge.Readings;
using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Json;

/// <summary>One reading as its properties come. What is wrong with it is kept, and refuses this reading alone.</summary>
internal ref struct JsonReading(long nowUs)
{
    /// <summary>Numbers below are milliseconds, from here on microseconds: year 5138 in the one, 1973 in the other.</summary>
    private const double MicrosecondsFrom = 1e14;

    private long _time = nowUs;
    private double _value;
    private Quality _quality;
    private int _sensor = -1;
    private bool _hasSensor;
    private bool _hasValue;
    private string? _fault;
    private string? _cause;

    /// <summary>True when a sensor or a value was named.</summary>
    public readonly bool IsThere => _hasSensor || _hasValue;

    /// <summary>Reads the property that the reader stands on; unknown ones are passed over.</summary>
    public void ReadProperty(ref Utf8JsonReader reader, ReadingColumns columns)
    {
        if (reader.ValueTextEquals("sensor"u8))
        {
            reader.Read();
            _hasSensor = true;
            ReadSensor(ref reader, columns);
        }
        else if (reader.ValueTextEquals("value"u8))
        {
            reader.Read();
            _hasValue = true;
            ReadValue(ref reader);
        }
        else if (reader.ValueTextEquals("time"u8))
        {
            reader.Read();
            ReadTime(ref reader);
        }
        else if (reader.ValueTextEquals("quality"u8))
        {
            reader.Read();
            ReadQuality(ref reader);
        }
        else
        {
            reader.Read();
        }

        // Objects and arrays, expected or not, are passed over whole.
        reader.Skip();
    }

    /// <summary>Adds what was read; null unless the batch is full.</summary>
    public readonly Refusal? AddTo(ReadingColumns columns, int index)
    {
        var cause = !_hasSensor ? "bad-sensor" : !_hasValue ? "bad-value" : _cause;
        var fault = !_hasSensor ? "has no sensor" : !_hasValue ? "has no value" : _fault;
        var refusal = cause is null
            ? null
            : new Refusal(IngestOutcome.RejectedPayload, cause, $"Reading {index} {fault}.");
        return columns.Add(Math.Max(0, _sensor), _time, _value, _quality, refusal)
            ? null
            : Refusal.Of(ReadingBatchError.TooManyReadings);
    }

    private void ReadSensor(ref Utf8JsonReader reader, ReadingColumns columns)
    {
        Span<byte> name = stackalloc byte[ReadingLimits.NameBytesMax];
        var length = 0;
        if (reader.TokenType != JsonTokenType.String
            || !JsonReadings.TryCopy(ref reader, name, out length)
            || !ReadingNames.IsSensor(name[..length]))
        {
            Fault("bad-sensor", "has a sensor name that is not 1 to 64 of A-Z a-z 0-9 . _ : - /");
            return;
        }

        _sensor = columns.SensorIndex(name[..length]);
        if (_sensor < 0)
        {
            Fault("too-many-sensors", $"names more than the {ReadingLimits.SensorsMax}th sensor; send smaller batches");
        }
    }

    private void ReadValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            // A number beyond the range of double reads as an infinity, as every JSON reader of doubles does.
            case JsonTokenType.Number when reader.TryGetDouble(out _value):
                return;
            case JsonTokenType.True or JsonTokenType.False:
                _value = reader.TokenType == JsonTokenType.True ? 1 : 0;
                return;
            case JsonTokenType.String when reader.ValueTextEquals("NaN"u8):
                _value = double.NaN;
                return;
            case JsonTokenType.String when reader.ValueTextEquals("Infinity"u8):
                _value = double.PositiveInfinity;
                return;
            case JsonTokenType.String when reader.ValueTextEquals("-Infinity"u8):
                _value = double.NegativeInfinity;
                return;
            default:
                Fault("bad-value", "has a value that is not a number, true, false, \"NaN\", \"Infinity\" or \"-Infinity\"");
                return;
        }
    }

    private void ReadTime(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var number))
        {
            var exact = reader.TryGetInt64(out var whole);
            var microseconds = Math.Abs(number) >= MicrosecondsFrom;
            var us = microseconds ? number : number * 1000;
            if (Math.Abs(us) < 9.2e18)
            {
                _time = exact ? (microseconds ? whole : whole * 1000) : (long)Math.Round(us);
                return;
            }
        }
        else if (reader.TokenType == JsonTokenType.String && reader.TryGetDateTime(out var time))
        {
            // Without an offset a time is UTC, whatever the time zone of this machine.
            var utc = time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : time;
            _time = (utc.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
            return;
        }

        Fault("bad-time", "has a time that is neither ISO 8601 nor milliseconds or microseconds since 1970");
    }

    private void ReadQuality(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetByte(out var code) && code <= (byte)Quality.Bad)
        {
            _quality = (Quality)code;
        }
        else if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("good"u8))
        {
            _quality = Quality.Good;
        }
        else if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("uncertain"u8))
        {
            _quality = Quality.Uncertain;
        }
        else if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("bad"u8))
        {
            _quality = Quality.Bad;
        }
        else
        {
            Fault("bad-quality", "has a quality that is not good, uncertain or bad");
        }
    }

    private void Fault(string cause, string fault)
    {
        _cause ??= cause;
        _fault ??= fault;
    }
}
