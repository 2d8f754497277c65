using System.Globalization;
using System.Text.Json;
using Telemetry.Bridge.Readings;
using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Json;

/// <summary>
/// Reads the JSON form of a batch:
/// <c>{"device":"press-1","boot":7,"seq":1,"readings":[{"sensor":"t","time":"2026-01-01T00:00:00Z","value":1.5,"quality":"good"}]}</c>
/// or of a single reading: <c>{"sensor":"t","value":1.5}</c>. Device, boot with seq, time and quality may be left out.
/// Arrays, flat objects and bare numbers are read where the topic's pattern takes them.
/// A reading that cannot be used is refused alone; a text that is not JSON, or not of this shape, is refused whole.
/// </summary>
internal static class JsonReadings
{
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 16 };

    /// <summary>Reads into <paramref name="columns"/>, boot id and sequence 0 when left out; null on success. Whatever the bytes are, it does not throw.</summary>
    /// <param name="json">The payload.</param>
    /// <param name="source">What is known of it.</param>
    /// <param name="columns">Where the readings go.</param>
    public static Refusal? Read(ReadOnlySpan<byte> json, in JsonSource source, ReadingColumns columns)
    {
        columns.Reset();
        columns.SetDevice(source.Device);
        json = JsonText.WithoutMark(json);
        if (JsonText.IsWide(json))
        {
            return Shape("The payload begins as UTF-16 does. JSON is UTF-8: set the encoding of the sender.");
        }

        try
        {
            var reader = new Utf8JsonReader(json, Strict);
            reader.Read();
            var refusal = ReadPayload(ref reader, json, source, columns);
            if (refusal is null && reader.Read())
            {
                return Shape("There is more after the JSON value.");
            }

            return refusal ?? Complete(columns);
        }
        catch (JsonException exception)
        {
            return Shape(string.Create(
                CultureInfo.InvariantCulture,
                $"The payload is not JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1} of it."));
        }
    }

    /// <summary>What a token begins, for messages.</summary>
    public static string Name(JsonTokenType token) => token switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.Number => "a number",
        JsonTokenType.String => "a string",
        JsonTokenType.Null => "null",
        _ => "true or false",
    };

    public static Refusal Shape(string detail) => new(IngestOutcome.RejectedPayload, "malformed-json", detail);

    private static Refusal? ReadPayload(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> json, in JsonSource source, ReadingColumns columns)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject when source.Shape.Takes(PayloadShapes.Flat) && JsonFlat.IsFlat(json, Strict):
                return JsonFlat.Read(ref reader, source, columns);
            case JsonTokenType.StartObject:
                return ReadBatch(ref reader, source, columns);
            case JsonTokenType.StartArray when source.Shape.Takes(PayloadShapes.Array):
                return ReadArray(ref reader, source, columns, source.Shape.Takes(PayloadShapes.Flat) ? json : default);
            case JsonTokenType.StartArray:
                return Shape("The payload is a JSON array. Send an object with the array as its member readings, or let a pattern of Bridge:Topics with Shapes=Array take this topic.");
            default:
                if (!source.Shape.Takes(PayloadShapes.Value) || source.Sensor.IsEmpty)
                {
                    return Shape($"The payload is JSON, but {Name(reader.TokenType)} and not an object. Send {{\"sensor\": ..., \"value\": ...}}, or let a pattern of Bridge:Topics with {{sensor}} and Shapes=Value take this topic.");
                }

                var bare = new JsonReading(source);
                bare.ReadBareValue(ref reader);
                return bare.AddTo(columns);
        }
    }

    private static Refusal? ReadBatch(ref Utf8JsonReader reader, in JsonSource source, ReadingColumns columns)
    {
        var single = new JsonReading(source);
        var seen = Members.None;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = MemberOf(ref reader);
            if (member == Members.None)
            {
                single.ReadMember(ref reader, columns);
                continue;
            }

            if ((seen & member) != 0)
            {
                return new(IngestOutcome.RejectedPayload, "duplicate-member", $"The batch has the member {JsonText.Shown(ref reader)} twice.");
            }

            seen |= member;
            reader.Read();
            if (ReadMember(ref reader, member, source, columns) is { } refusal)
            {
                return refusal;
            }
        }

        if ((seen & Members.Readings) == 0)
        {
            return single.IsTouched ? single.AddTo(columns) : null;
        }

        return single.IsTouched
            ? new(
                IngestOutcome.RejectedPayload,
                "unknown-member",
                "The batch has a member besides device, boot, seq and readings. Sensor, value, time and quality stand within each reading.")
            : null;
    }

    private static Members MemberOf(ref Utf8JsonReader reader) =>
        JsonText.Is(ref reader, "readings"u8) ? Members.Readings
        : JsonText.Is(ref reader, "device"u8) ? Members.Device
        : JsonText.Is(ref reader, "boot"u8) ? Members.Boot
        : JsonText.Is(ref reader, "seq"u8) ? Members.Sequence
        : Members.None;

    private static Refusal? ReadMember(ref Utf8JsonReader reader, Members member, in JsonSource source, ReadingColumns columns)
    {
        switch (member)
        {
            case Members.Readings:
                return reader.TokenType == JsonTokenType.StartArray
                    ? ReadArray(ref reader, source, columns, default)
                    : Shape($"The member readings must be an array and is {Name(reader.TokenType)}.");
            case Members.Device:
                return ReadDevice(ref reader, columns);
            default:
                if (!TryReadId(ref reader, out var id))
                {
                    return Shape($"The member {(member == Members.Boot ? "boot" : "seq")} must be a whole number from 1 to 2^64 - 1, or such a number as a string.");
                }

                columns.BootId = member == Members.Boot ? id : columns.BootId;
                columns.FirstSequence = member == Members.Sequence ? id : columns.FirstSequence;
                return null;
        }
    }

    private static Refusal? Complete(ReadingColumns columns)
    {
        if (columns.Count == 0)
        {
            return Refusal.Of(ReadingBatchError.Empty);
        }

        if (columns.BootId == 0 != (columns.FirstSequence == 0))
        {
            return Shape("The members boot and seq belong together: send both, or none and the bridge assigns ids.");
        }

        return columns.FirstSequence > ulong.MaxValue - (ulong)columns.Count ? Refusal.Of(ReadingBatchError.BadSequence) : null;
    }

    private static Refusal? ReadDevice(ref Utf8JsonReader reader, ReadingColumns columns)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return Refusal.BadDevice($"The member device must be a string and is {Name(reader.TokenType)}.");
        }

        Span<byte> name = stackalloc byte[ReadingLimits.NameBytesMax];
        if (!JsonText.TryCopy(ref reader, name, out var length))
        {
            return Refusal.BadDevice($"The device id {JsonText.Shown(ref reader)} is too long or not Unicode.");
        }

        if (!ReadingNames.IsDevice(name[..length]))
        {
            return Refusal.BadDevice($"The device id {ReadingNames.DeviceFault(name[..length])}.");
        }

        columns.SetDevice(name[..length]);
        return null;
    }

    /// <param name="reader">Stands on the start of the array.</param>
    /// <param name="source">What is known of the payload.</param>
    /// <param name="columns">Where the readings go.</param>
    /// <param name="flat">The payload when its elements may be flat objects; empty when not.</param>
    private static Refusal? ReadArray(ref Utf8JsonReader reader, in JsonSource source, ReadingColumns columns, ReadOnlySpan<byte> flat)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                return Shape($"Each entry of the array must be an object; entry {columns.Count} is {Name(reader.TokenType)}.");
            }

            var refusal = !flat.IsEmpty && JsonFlat.IsFlat(flat[(int)reader.TokenStartIndex..], Strict)
                ? JsonFlat.Read(ref reader, source, columns)
                : ReadReading(ref reader, source, columns);
            if (refusal is not null)
            {
                return refusal;
            }
        }

        return null;
    }

    private static Refusal? ReadReading(ref Utf8JsonReader reader, in JsonSource source, ReadingColumns columns)
    {
        var reading = new JsonReading(source);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            reading.ReadMember(ref reader, columns);
        }

        return reading.AddTo(columns);
    }

    /// <summary>Numbers up to 2^64 - 1; as a string for senders whose numbers end at 2^53.</summary>
    private static bool TryReadId(ref Utf8JsonReader reader, out ulong id)
    {
        id = 0;
        Span<byte> digits = stackalloc byte[20];
        return reader.TokenType switch
        {
            JsonTokenType.Number => reader.TryGetUInt64(out id) && id != 0,
            JsonTokenType.String => JsonText.TryCopy(ref reader, digits, out var length)
                && ulong.TryParse(digits[..length], NumberStyles.None, CultureInfo.InvariantCulture, out id) && id != 0,
            _ => false,
        };
    }

    [Flags]
    private enum Members
    {
        None = 0,
        Readings = 1,
        Device = 2,
        Boot = 4,
        Sequence = 8,
    }
}
