using System.Text.Json;
using Telemetry.Bridge.Readings;
using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Json;

/// <summary>
/// One reading as its members come. What is wrong with it is kept, and refuses this reading alone. A member that is not known is
/// wrong: a misspelt <c>time</c> would make an old reading look new.
/// </summary>
internal ref struct JsonReading(JsonSource source)
{
    private const string ValueRule = "has a value that is not a number, true, false, \"NaN\", \"Infinity\" or \"-Infinity\"";

    private readonly JsonSource _source = source;
    private long _time;
    private double _value;
    private Quality _quality;
    private int _sensor = -1;
    private Members _seen;
    private string? _fault;
    private string? _cause;

    /// <summary>True when it has any member.</summary>
    public bool IsTouched { get; private set; }

    /// <summary>Reads the member that the reader stands on.</summary>
    public void ReadMember(ref Utf8JsonReader reader, ReadingColumns columns)
    {
        IsTouched = true;
        var member = MemberOf(ref reader);
        if (member == Members.None)
        {
            Fault("unknown-member", $"has the unknown member {JsonText.Shown(ref reader)}; members are sensor, value, time and quality");
        }
        else if ((_seen & member) != 0)
        {
            Fault("duplicate-member", $"has the member {JsonText.Shown(ref reader)} twice");
            member = Members.None;
        }

        _seen |= member;
        reader.Read();
        switch (member)
        {
            case Members.Sensor:
                ReadSensor(ref reader, columns);
                break;
            case Members.Value:
                ReadValue(ref reader);
                break;
            case Members.Time when !JsonTime.TryRead(ref reader, out _time):
                Fault("bad-time", JsonTime.Rule);
                break;
            case Members.Quality:
                ReadQuality(ref reader);
                break;
        }

        // Objects and arrays, expected or not, are passed over whole.
        reader.Skip();
    }

    /// <summary>Reads a bare value, whose sensor the topic names.</summary>
    public void ReadBareValue(ref Utf8JsonReader reader)
    {
        IsTouched = true;
        _seen |= Members.Value;
        ReadValue(ref reader);
    }

    /// <summary>Adds what was read; null unless the batch is full.</summary>
    public Refusal? AddTo(ReadingColumns columns)
    {
        if ((_seen & Members.Sensor) == 0)
        {
            UseSensor(_source.Sensor, columns);
        }

        if ((_seen & Members.Value) == 0)
        {
            Fault("bad-value", "has no value");
        }

        var timed = (_seen & Members.Time) != 0;
        columns.TimesAssigned |= !timed;
        if (!columns.Add(Math.Max(0, _sensor), timed ? _time : _source.NowUs, _value, _quality))
        {
            return Refusal.Of(ReadingBatchError.TooManyReadings);
        }

        if (_cause is not null)
        {
            columns.Refuse(columns.Count - 1, columns.FirstRefusal
                ?? new Refusal(IngestOutcome.RejectedPayload, _cause, $"Reading {columns.Count - 1} {_fault}."));
        }

        return null;
    }

    private static Members MemberOf(ref Utf8JsonReader reader) =>
        JsonText.Is(ref reader, "sensor"u8) ? Members.Sensor
        : JsonText.Is(ref reader, "value"u8) ? Members.Value
        : JsonText.Is(ref reader, "time"u8) ? Members.Time
        : JsonText.Is(ref reader, "quality"u8) ? Members.Quality
        : Members.None;

    private void ReadSensor(ref Utf8JsonReader reader, ReadingColumns columns)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            Fault("bad-sensor", $"has a sensor that is not a string but {JsonReadings.Name(reader.TokenType)}");
            return;
        }

        Span<byte> name = stackalloc byte[ReadingLimits.NameBytesMax];
        if (!JsonText.TryCopy(ref reader, name, out var length))
        {
            Fault("bad-sensor", $"has the sensor name {JsonText.Shown(ref reader)}, which is too long or not Unicode; a sensor name is {ReadingNames.SensorRule}");
            return;
        }

        UseSensor(name[..length], columns);
    }

    private void UseSensor(scoped ReadOnlySpan<byte> name, ReadingColumns columns)
    {
        if (name.IsEmpty && (_seen & Members.Sensor) == 0)
        {
            Fault("bad-sensor", "has no sensor");
            return;
        }

        if (!ReadingNames.IsSensor(name))
        {
            Fault("bad-sensor", $"has a sensor name that {ReadingNames.SensorFault(name)}; a sensor name is {ReadingNames.SensorRule}");
            return;
        }

        _sensor = columns.SensorIndex(name);
        if (_sensor < 0)
        {
            Fault("too-many-sensors", $"names more than the {ReadingLimits.SensorsMax}th sensor; send smaller batches");
        }
    }

    private void ReadValue(ref Utf8JsonReader reader)
    {
        if (!TryReadValue(ref reader, out _value))
        {
            Fault("bad-value", reader.TokenType == JsonTokenType.Number ? "has a value beyond the range of a double, about 1.8e308" : ValueRule);
        }
    }

    /// <summary>A number within the range of double, true as 1, false as 0, or one of the three names that JSON has no number for.</summary>
    public static bool TryReadValue(ref Utf8JsonReader reader, out double value)
    {
        value = 0;
        switch (reader.TokenType)
        {
            case JsonTokenType.Number:
                return reader.TryGetDouble(out value) && double.IsFinite(value);
            case JsonTokenType.True or JsonTokenType.False:
                value = reader.TokenType == JsonTokenType.True ? 1 : 0;
                return true;
            case JsonTokenType.String when JsonText.Is(ref reader, "NaN"u8):
                value = double.NaN;
                return true;
            case JsonTokenType.String when JsonText.Is(ref reader, "Infinity"u8):
                value = double.PositiveInfinity;
                return true;
            case JsonTokenType.String when JsonText.Is(ref reader, "-Infinity"u8):
                value = double.NegativeInfinity;
                return true;
            default:
                return false;
        }
    }

    private void ReadQuality(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetByte(out var code) && code <= (byte)Quality.Bad)
        {
            _quality = (Quality)code;
        }
        else if (reader.TokenType == JsonTokenType.String && JsonText.Is(ref reader, "good"u8))
        {
            _quality = Quality.Good;
        }
        else if (reader.TokenType == JsonTokenType.String && JsonText.Is(ref reader, "uncertain"u8))
        {
            _quality = Quality.Uncertain;
        }
        else if (reader.TokenType == JsonTokenType.String && JsonText.Is(ref reader, "bad"u8))
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

    [Flags]
    private enum Members
    {
        None = 0,
        Sensor = 1,
        Value = 2,
        Time = 4,
        Quality = 8,
    }
}
