using System.Buffers.Binary;
using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Format;

namespace Telemetry.Streams.Journal.Topics;

/// <summary>Makes segment files. Each begins with a frame that holds the next offset of every partition.</summary>
internal static class SegmentFiles
{
    public static int StartFrameLength(int partitions) =>
        FrameFormat.Align(FrameFormat.HeaderSize + (partitions * sizeof(long)));

    public static byte[] StartFrame(long number, ReadOnlySpan<long> nextOffsets)
    {
        var frame = new byte[StartFrameLength(nextOffsets.Length)];
        FrameFormat.WriteDraft(frame, frame.Length, 0, FrameFormat.SegmentStart);
        for (var i = 0; i < nextOffsets.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(
                frame.AsSpan(FrameFormat.HeaderSize + (i * sizeof(long))), nextOffsets[i]);
        }

        FrameFormat.Seal(frame, number, 0, 0);
        return frame;
    }

    public static long[] ReadStartFrame(ReadOnlySpan<byte> frame, int partitions)
    {
        var offsets = new long[partitions];
        for (var i = 0; i < partitions; i++)
        {
            offsets[i] = BinaryPrimitives.ReadInt64LittleEndian(
                frame[(FrameFormat.HeaderSize + (i * sizeof(long)))..]);
        }

        return offsets;
    }

    /// <summary>A new, durable segment with its first frame. Leaves nothing behind when the disk is full.</summary>
    public static Segment Create(
        IJournalFiles files, string directory, long number, ReadOnlySpan<long> nextOffsets, DateTimeOffset now)
    {
        var path = Path.Combine(directory, Segment.NameOf(number, number));
        var file = files.Open(path);
        try
        {
            var start = StartFrame(number, nextOffsets);
            file.SetLength(0);
            file.Write(0, start);
            DiskErrors.Sync(file, path);
            DiskErrors.SyncDirectory(files, directory);
            return new Segment(number, number, path, file, nextOffsets.ToArray())
            {
                Length = start.Length,
                CreatedAt = now,
            };
        }
        catch (IOException)
        {
            // Durably gone: a start that found it would take the segment before it for closed, and it goes on instead.
            file.Dispose();
            files.Delete(path);
            DiskErrors.SyncDirectory(files, directory);
            throw;
        }
    }

    /// <summary>Beside a closed segment: its length, ends and rows, so that the next start need not read it all.</summary>
    public static void WriteIndex(IJournalFiles files, Segment segment, ReadOnlySpan<long> endOffsets) =>
        IndexFile.Write(files, segment, endOffsets);
}
