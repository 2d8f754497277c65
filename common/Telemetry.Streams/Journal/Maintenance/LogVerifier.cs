using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Maintenance;

/// <summary>Reads a topic from end to end, checking every checksum.</summary>
internal static class LogVerifier
{
    public static long Verify(JournalTopic topic)
    {
        var bytes = 0L;
        foreach (var segment in topic.Segments)
        {
            var length = segment.Length;
            try
            {
                var end = FrameScan.Run(
                    segment.File, segment.Path, segment.First, (in FrameHeader _, ReadOnlySpan<byte> _, long _) => { }, length);
                if (end < length)
                {
                    throw FrameScan.Damaged(segment.Path, end, $"it was durable up to {length}");
                }
            }
            catch (ObjectDisposedException) when (segment.Retired)
            {
                // Retention or compaction took it away meanwhile.
                continue;
            }

            bytes += length;
        }

        return bytes;
    }
}
