using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Maintenance;

/// <summary>Removes whole closed segments from a topic's beginning: too old by their newest record, or too many bytes.</summary>
internal static class Retention
{
    /// <returns>Segments and bytes removed.</returns>
    public static (int Segments, long Bytes) Enforce(JournalTopic topic, IJournalFiles files, DateTimeOffset now)
    {
        var (count, bytes) = (0, 0L);
        while (topic.Segments is { Length: > 1 } segments && IsDue(topic.Spec, segments, now))
        {
            count++;
            bytes += RemoveOldest(topic, files);
        }

        if (count > 0)
        {
            files.SyncDirectory(topic.Directory);
        }

        return (count, bytes);
    }

    /// <summary>Removes the oldest segment, which must be a closed one; the caller syncs the directory.</summary>
    /// <returns>Its bytes.</returns>
    public static long RemoveOldest(JournalTopic topic, IJournalFiles files)
    {
        // The file goes first, oldest first: a removal that fails leaves the segment in the list, and a later start
        // never finds a hole.
        var oldest = topic.Segments[0];
        files.Delete(IndexFile.PathOf(oldest.Path));
        files.Delete(oldest.Path);
        topic.ChangeSegments(list => list[1..]);
        oldest.Retire();
        return oldest.Length;
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
