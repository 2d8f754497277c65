using System.Text.Json;
using Telemetry.Bridge.Readings;
using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Json;

/// <summary>
/// Reads the JSON form of a batch:
/// <c>{"device":"press-1","boot":7,"seq":1,"readings":[{"sensor":"t","time":"2026-01-01T00:00:00Z","value":1.5,"quality":"good"}]}</c>
/// or of a single reading: <c>{"sensor":"t","value":1.5}</c>. Device, boot with seq, time and quality may be left out.
/// A reading that cannot be used is refused alone; a text that is not JSON, or not of this shape, is refused whole.
/// </summary>
internal static class JsonReadings
{
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 16 };

    /// <summary>Reads into <paramref name="columns"/>, boot id and sequence 0 when left out; null on success.</summary>
    /// <param name="json">The payload.</param>
    /// <param name="topicDevice">Device of the topic, used when the payload names none.</param>
    /// <param name="nowUs">Event time of readings without one.</param>
    /// <param name="columns">Where the readings go.</param>
    public static Refusal? Read(ReadOnlySpan<byte> json, ReadOnlySpan<byte> topicDevice, long nowUs, ReadingColumns columns)
    {
        columns.Reset();
        columns.SetDevice(topicDevice);
        try
        {
            var reader = new Utf8JsonReader(json, Strict);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                return Shape("The payload must be a JSON object.");
            }

            var refusal = ReadBatch(ref reader, nowUs, columns);
            if (refusal is null && reader.Read())
            {
                return Shape("There is more after the JSON object.");
            }

            return refusal ?? Complete(columns);
        }
        catch (JsonException exception)
        {
            return new(
                IngestOutcome.RejectedPayload,
                "malformed-json",
                $"The payload is not JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}.");
        }
    }

    private static Refusal? ReadBatch(ref Utf8JsonReader reader, long nowUs, ReadingColumns columns)
    {
        var single = new JsonReading(nowUs);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Refusal? refusal = null;
            if (reader.ValueTextEquals("readings"u8))
            {
                reader.Read();
                refusal = ReadReadings(ref reader, nowUs, columns);
            }
            else if (reader.ValueTextEquals("device"u8))
            {
                reader.Read();
                refusal = ReadDevice(ref reader, columns);
            }
            else if (reader.ValueTextEquals("boot"u8))
            {
                reader.Read();
                refusal = TryReadId(ref reader, out var boot) ? null : Shape("boot must be a whole number from 1 to 2^64 - 1, or such a number as a string.");
                columns.BootId = boot;
            }
            else if (reader.ValueTextEquals("seq"u8))
            {
                reader.Read();
                refusal = TryReadId(ref reader, out var sequence) ? null : Shape("seq must be a whole number from 1 to 2^64 - 1, or such a number as a string.");
                columns.FirstSequence = sequence;
            }
            else
            {
                single.ReadProperty(ref reader, columns);
            }

            if (refusal is not null)
            {
                return refusal;
            }
        }

        return single.IsThere ? single.AddTo(columns, 0) : null;
    }

    private static Refusal? Complete(ReadingColumns columns)
    {
        if (columns.Count == 0)
        {
            return Refusal.Of(ReadingBatchError.Empty);
        }

        if (columns.BootId == 0 != (columns.FirstSequence == 0))
        {
            return Shape("boot and seq belong together: send both, or none and the bridge assigns ids.");
        }

        return columns.FirstSequence > ulong.MaxValue - (ulong)columns.Count ? Refusal.Of(ReadingBatchError.BadSequence) : null;
    }

    private static Refusal? ReadDevice(ref Utf8JsonReader reader, ReadingColumns columns)
    {
        Span<byte> name = stackalloc byte[ReadingLimits.NameBytesMax];
        var length = 0;
        if (reader.TokenType != JsonTokenType.String || !TryCopy(ref reader, name, out length) || !ReadingNames.IsDevice(name[..length]))
        {
            return Refusal.Of(ReadingBatchError.BadDevice);
        }

        columns.SetDevice(name[..length]);
        return null;
    }

    private static Refusal? ReadReadings(ref Utf8JsonReader reader, long nowUs, ReadingColumns columns)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return Shape("readings must be an array.");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                return Shape("Each entry of readings must be an object.");
            }

            var reading = new JsonReading(nowUs);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                reading.ReadProperty(ref reader, columns);
            }

            var refusal = reading.AddTo(columns, columns.Count);
            if (refusal is not null)
            {
                return refusal;
            }
        }

        return null;
    }

    /// <summary>Numbers up to 2^64 - 1; as a string for senders whose numbers end at 2^53.</summary>
    private static bool TryReadId(ref Utf8JsonReader reader, out ulong id)
    {
        id = 0;
        Span<byte> digits = stackalloc byte[20];
        return reader.TokenType switch
        {
            JsonTokenType.Number => reader.TryGetUInt64(out id) && id != 0,
            JsonTokenType.String => TryCopy(ref reader, digits, out var length)
                && ulong.TryParse(digits[..length], System.Globalization.NumberStyles.None, null, out id) && id != 0,
            _ => false,
        };
    }

    /// <summary>Unescapes a string; false when it is longer than the destination or not Unicode.</summary>
    internal static bool TryCopy(ref Utf8JsonReader reader, scoped Span<byte> destination, out int length)
    {
        length = 0;

        // An escaped byte takes at most six in the text.
        if (reader.ValueSpan.Length > (reader.ValueIsEscaped ? destination.Length * 6 : destination.Length))
        {
            return false;
        }

        Span<byte> unescaped = stackalloc byte[reader.ValueSpan.Length];
        try
        {
            length = reader.CopyString(unescaped);
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate: no legal name, and the caller says so.
            return false;
        }

        return length <= destination.Length && unescaped[..length].TryCopyTo(destination);
    }

    private static Refusal Shape(string detail) => new(IngestOutcome.RejectedPayload, "malformed-json", detail);

}
