using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Maintenance;

/// <summary>Removes whole closed segments from a topic's beginning: too old by their newest record, or too many bytes.</summary>
internal static class Retention
{
    /// <returns>Segments and bytes removed.</returns>
    public static (int Segments, long Bytes) Enforce(JournalTopic topic, IJournalFiles files, DateTimeOffset now)
    {
        var segments = topic.Segments;
        var gone = 0;
        while (gone < segments.Length - 1 && IsDue(topic.Spec, segments.AsSpan(gone), now))
        {
            gone++;
        }

        if (gone == 0)
        {
            return default;
        }

        topic.ChangeSegments(list => list[gone..]);
        var bytes = 0L;
        foreach (var segment in segments[..gone])
        {
            bytes += segment.Length;
            Remove(segment);
        }

        files.SyncDirectory(topic.Directory);
        return (gone, bytes);
    }

    /// <summary>Oldest first, so that what is left after a crash has no hole.</summary>
    public static void Remove(Segment segment)
    {
        segment.Retire();
        File.Delete(IndexFile.PathOf(segment.Path));
        File.Delete(segment.Path);
    }

    private static bool IsDue(TopicSpec spec, ReadOnlySpan<Segment> segments, DateTimeOffset now)
    {
        if (spec.RetentionTime is { } time && segments[0].MaxTimestampMs < (now - time).ToUnixTimeMilliseconds())
        {
            return true;
        }

        if (spec.RetentionBytes is not { } bytesMax)
        {
            return false;
        }

        // What would be left must still hold the bytes promised.
        var left = 0L;
        foreach (var segment in segments[1..])
        {
            left += segment.Length;
        }

        return left >= bytesMax * spec.Partitions;
    }
}
