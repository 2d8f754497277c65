using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Bridge.Replay;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;

namespace Telemetry.Operations.DeadLetters;

/// <summary>Dead letters for people and for scripts.</summary>
public static class DeadLetterText
{
    private const int BytesShown = 256;
    private const int ReadingsShown = 20;

    /// <summary>One line of a list.</summary>
    public static string Line(DeadLetterEntry entry) => string.Create(
        CultureInfo.InvariantCulture,
        $"{entry.Id,-10} {entry.RefusedAt:yyyy-MM-ddTHH:mm:ssZ}  {entry.Letter.Stage,-10} {entry.Letter.Cause,-20} {Clip(entry.Letter.Source),-44} {(entry.Resolution is null ? "open" : "resolved")}");

    /// <summary>Everything about one.</summary>
    public static string Page(DeadLetterEntry entry)
    {
        var letter = entry.Letter;
        var text = new StringBuilder();
        Row(text, "letter", entry.Id.ToString());
        Row(text, "refused", entry.RefusedAt.ToString("O", CultureInfo.InvariantCulture));
        Row(text, "stage", letter.Stage);
        Row(text, "cause", letter.Cause);
        Row(text, "detail", letter.Detail);
        Row(text, "source", letter.SourcePartition < 0
            ? letter.Source
            : string.Create(CultureInfo.InvariantCulture, $"{letter.Source}, partition {letter.SourcePartition}, offset {letter.SourceOffset}"));
        Row(text, "client", letter.ClientId.Length == 0 ? "-" : letter.ClientId);
        Row(text, "trace", letter.TraceId.Length == 0 ? "-" : letter.TraceId);
        Row(text, "readings", letter.ReadingIndexes.Count == 0 ? "all" : string.Join(", ", letter.ReadingIndexes.Take(ReadingsShown)));
        Row(text, "state", entry.Resolution ?? "open");
        Row(text, "payload", string.Create(CultureInfo.InvariantCulture, $"{letter.Payload.Length} bytes"));
        text.Append(Payload(letter.Payload.Memory, letter.Source == LogTopics.Readings));
        return text.ToString();
    }

    /// <summary>For JSON.</summary>
    public static Dictionary<string, object?> Describe(DeadLetterEntry entry, bool payload)
    {
        var letter = entry.Letter;
        var fields = new Dictionary<string, object?>
        {
            ["id"] = entry.Id.ToString(),
            ["refused"] = entry.RefusedAt,
            ["stage"] = letter.Stage,
            ["cause"] = letter.Cause,
            ["detail"] = letter.Detail,
            ["source"] = letter.Source,
            ["partition"] = letter.SourcePartition < 0 ? null : letter.SourcePartition,
            ["offset"] = letter.SourcePartition < 0 ? null : letter.SourceOffset,
            ["client"] = letter.ClientId,
            ["trace"] = letter.TraceId,
            ["readings"] = letter.ReadingIndexes,
            ["resolution"] = entry.Resolution,
        };
        if (payload)
        {
            fields["payload"] = letter.Payload.ToBase64();
        }

        return fields;
    }

    public static string Name(ReplayOutcome outcome) => outcome switch
    {
        ReplayOutcome.Replayed => "replayed",
        ReplayOutcome.WouldReplay => "would be replayed",
        ReplayOutcome.Resolved => "resolved before",
        _ => "refused",
    };

    private static void Row(StringBuilder text, string name, string value) => text.Append(name.PadRight(10)).AppendLine(value);

    private static string Clip(string source) => source.Length <= 44 ? source : string.Concat(source.AsSpan(0, 43), "…");

    private static string Payload(ReadOnlyMemory<byte> payload, bool framed)
    {
        if (framed && ConfluentFrame.TryRead(payload, out _, out var message))
        {
            payload = message;
        }

        var batch = new ReadingBatchBuffer();
        if (!payload.IsEmpty && payload.Span[0] != '{' && batch.TryDecode(payload, out _))
        {
            return Readings(batch);
        }

        var shown = payload.Span[..Math.Min(payload.Length, BytesShown * 4)];
        return Utf8.IsValid(payload.Span) && !payload.Span.ContainsAnyInRange((byte)0, (byte)8)
            ? Encoding.UTF8.GetString(shown)
            : Convert.ToHexString(payload.Span[..Math.Min(payload.Length, BytesShown)]) + (payload.Length > BytesShown ? " ..." : "");
    }

    private static string Readings(ReadingBatchBuffer batch)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"ReadingBatch of {Encoding.ASCII.GetString(batch.Device)}, boot {batch.BootId}, sequence {batch.FirstSequence}, {batch.Count} readings:");
        for (var i = 0; i < Math.Min(batch.Count, ReadingsShown); i++)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"  [{i}] {Encoding.ASCII.GetString(batch.Sensor(batch.SensorIndexes[i]))} = {batch.Values[i]:R} at {batch.EventTimes[i]} us, {batch.Qualities[i]}");
        }

        return batch.Count > ReadingsShown ? text.Append("  ...").ToString() : text.ToString();
    }
}
