using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Consumers;

/// <summary>
/// Where a consumer is in one partition. <see cref="Next"/> is the truth; segment and position are a place in the files
/// with nothing of the partition at or beyond <see cref="Next"/> before it.
/// </summary>
internal sealed class PartitionCursor(JournalTopic topic, int partition, long next)
{
    public JournalTopic Topic { get; } = topic;

    public int Partition { get; } = partition;

    public TopicPartition Id { get; } = new(topic.Name, partition);

    public long Next { get; private set; } = next;

    public bool Paused { get; set; }

    public Segment? Segment { get; set; }

    public long Position { get; set; }

    /// <summary>A record of an open transaction, or one beyond what was asked for: not further in this pass.</summary>
    public bool Held { get; set; }

    public void Seek(long offset)
    {
        Next = offset;
        Segment = null;
    }

    public void PassedTo(long next) => Next = Math.Max(Next, next);

    public long End(bool readCommitted) =>
        readCommitted ? Topic.Partitions[Partition].Stable : Topic.Partitions[Partition].High;

    /// <summary>Finds the place in the files when it is not known (any more), or goes on to the next segment.</summary>
    /// <returns>False when the offset lies before the first segment.</returns>
    public bool Locate()
    {
        var segments = Topic.Segments;
        if (Segment is { Retired: false } current)
        {
            if (Position >= current.Length && current != segments[^1])
            {
                var index = Array.IndexOf(segments, current);
                if (index >= 0 && Position >= current.Length)
                {
                    (Segment, Position) = (segments[index + 1], 0);
                    return true;
                }

                Segment = null;
            }
            else
            {
                return true;
            }
        }

        if (Next < segments[0].BaseOffsets[Partition])
        {
            return false;
        }

        var at = segments.Length - 1;
        while (at > 0 && segments[at].BaseOffsets[Partition] > Next)
        {
            at--;
        }

        (Segment, Position) = (segments[at], segments[at].Index.PositionOf(Partition, Next));
        return true;
    }
}
