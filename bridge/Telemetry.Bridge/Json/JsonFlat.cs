using System.Text;
using System.Text.Json;
using Telemetry.Bridge.Readings;
using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Json;

/// <summary>
/// A flat object, as ThingsBoard, Tasmota and zigbee2mqtt send it: each member is a sensor, members of members by their path with
/// dots. Numbers, true and false are readings; strings, nulls and arrays are no measurements and are passed over, counted.
/// All readings have one time: that of the configured member, else that of arrival.
/// </summary>
internal static class JsonFlat
{
    private const int PathBytesMax = 2 * ReadingLimits.NameBytesMax;

    /// <summary>True unless the object, at the beginning of <paramref name="json"/>, is a batch or a reading in our own form.</summary>
    public static bool IsFlat(ReadOnlySpan<byte> json, JsonReaderOptions options)
    {
        var reader = new Utf8JsonReader(json, options);
        var (sensor, value) = (false, false);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (JsonText.Is(ref reader, "readings"u8))
            {
                return false;
            }

            sensor |= JsonText.Is(ref reader, "sensor"u8);
            value |= JsonText.Is(ref reader, "value"u8);
            reader.Skip();
        }

        return !(sensor && value);
    }

    /// <summary>Reads the object that the reader stands at the start of.</summary>
    public static Refusal? Read(ref Utf8JsonReader reader, in JsonSource source, ReadingColumns columns)
    {
        Span<byte> path = stackalloc byte[PathBytesMax];
        var first = columns.Count;
        long? time = null;
        var refusal = ReadObject(ref reader, source, columns, path, 0, first, ref time);
        if (refusal is not null)
        {
            return refusal;
        }

        columns.TimesAssigned |= time is null;
        if (time is { } us)
        {
            columns.SetTimes(first, us);
        }

        return null;
    }

    private static Refusal? ReadObject(
        ref Utf8JsonReader reader, in JsonSource source, ReadingColumns columns, scoped Span<byte> path, int length, int first, ref long? time)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (length == 0 && source.Shape.TimeMember is { } timeMember && JsonText.Is(ref reader, Encoding.UTF8.GetBytes(timeMember)))
            {
                reader.Read();
                if (!JsonTime.TryRead(ref reader, out var us))
                {
                    return new(IngestOutcome.RejectedPayload, "bad-time", $"The object {JsonTime.Rule}, in its member {timeMember}.");
                }

                time = us;
                continue;
            }

            if (!TryExtend(ref reader, path, length, out var end))
            {
                return BadName(ref reader);
            }

            if (IsIgnored(path[..end], source))
            {
                reader.Read();
                reader.Skip();
                continue;
            }

            if (length == 0 && LooksLikeTime(path[..end]))
            {
                return new(
                    IngestOutcome.RejectedPayload,
                    "unknown-member",
                    $"The object has the member {JsonText.Shown(ref reader)}, which looks like its time. Name it as TimeMember of the topic's pattern (Bridge:Topics), or in Ignore to take the time of arrival.");
            }

            reader.Read();
            var refusal = reader.TokenType == JsonTokenType.StartObject
                ? ReadObject(ref reader, source, columns, path, end, first, ref time)
                : ReadValue(ref reader, source, columns, path[..end], first);
            if (refusal is not null)
            {
                return refusal;
            }
        }

        return null;
    }

    private static Refusal? ReadValue(
        ref Utf8JsonReader reader, in JsonSource source, ReadingColumns columns, scoped ReadOnlySpan<byte> name, int first)
    {
        if (reader.TokenType is not (JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False))
        {
            reader.Skip();
            columns.MembersPassedOver++;
            return null;
        }

        var index = ReadingNames.IsSensor(name) ? columns.SensorIndex(name) : -1;
        if (index >= 0 && Has(columns, first, index))
        {
            return new(IngestOutcome.RejectedPayload, "duplicate-member", $"The object has the member {JsonText.Shown(name)} twice.");
        }

        var good = JsonReading.TryReadValue(ref reader, out var value);
        if (!columns.Add(Math.Max(0, index), source.NowUs, value, Quality.Good))
        {
            return Refusal.Of(ReadingBatchError.TooManyReadings);
        }

        if (!good || index < 0)
        {
            var at = columns.Count - 1;
            columns.Refuse(at, columns.FirstRefusal
                ?? (!good ? new(IngestOutcome.RejectedPayload, "bad-value", $"The member {JsonText.Shown(name)} has a value beyond the range of a double, about 1.8e308.")
                : !ReadingNames.IsSensor(name) ? new(IngestOutcome.RejectedPayload, "bad-sensor", $"The member {JsonText.Shown(name)} as a sensor name {ReadingNames.SensorFault(name)}; a sensor name is {ReadingNames.SensorRule}.")
                : Refusal.Of(ReadingBatchError.TooManySensors)));
        }

        return null;
    }

    private static bool Has(ReadingColumns columns, int first, int sensor)
    {
        for (var i = first; i < columns.Count; i++)
        {
            if (columns.Indexes[i] == sensor && !columns.IsRefused(i))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The path with the name that the reader stands on; false when it is not Unicode or far too long.</summary>
    private static bool TryExtend(ref Utf8JsonReader reader, scoped Span<byte> path, int length, out int end)
    {
        end = length;
        if (length > 0)
        {
            if (end == path.Length)
            {
                return false;
            }

            path[end++] = (byte)'.';
        }

        if (!JsonText.TryCopy(ref reader, path[end..], out var added))
        {
            return false;
        }

        end += added;
        return true;
    }

    private static bool IsIgnored(ReadOnlySpan<byte> path, in JsonSource source)
    {
        foreach (var ignored in source.Shape.Ignore ?? [])
        {
            if (path.SequenceEqual(Encoding.UTF8.GetBytes(ignored)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool LooksLikeTime(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "time"u8) || Ascii.EqualsIgnoreCase(name, "timestamp"u8) || Ascii.EqualsIgnoreCase(name, "ts"u8)
        || Ascii.EqualsIgnoreCase(name, "datetime"u8) || Ascii.EqualsIgnoreCase(name, "date"u8);

    private static Refusal BadName(ref Utf8JsonReader reader) => new(
        IngestOutcome.RejectedPayload,
        "bad-sensor",
        $"The member {JsonText.Shown(ref reader)} is not Unicode, or with the path to it too long for a sensor name, which is {ReadingNames.SensorRule}.");
}
