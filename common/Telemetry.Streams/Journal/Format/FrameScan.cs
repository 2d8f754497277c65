using Telemetry.Streams.Journal.Files;

namespace Telemetry.Streams.Journal.Format;

/// <summary>Told of each valid frame, in order.</summary>
internal delegate void FrameVisitor(in FrameHeader header, ReadOnlySpan<byte> frame, long position);

/// <summary>Reads a whole file of frames.</summary>
internal static class FrameScan
{
    private const int BlockBytes = 1 << 20;

    /// <summary>
    /// Visits the valid frames from the file's start. Where they end, decides what that means: a later frame that says the
    /// file was durable beyond that place proves damage; otherwise the rest is a write that was never acknowledged.
    /// </summary>
    /// <param name="file">File.</param>
    /// <param name="path">Its path, for the message.</param>
    /// <param name="segment">First number of the segment, in every checksum.</param>
    /// <param name="visit">Told of each valid frame.</param>
    /// <param name="limit">Reads no further than this; null: the whole file.</param>
    /// <returns>Length of the valid part.</returns>
    /// <exception cref="RecordLogException"><see cref="RecordLogError.Damaged"/>.</exception>
    public static long Run(IJournalFile file, string path, long segment, FrameVisitor visit, long? limit = null)
    {
        var length = limit ?? file.Length;
        var end = Frames(file, segment, length, visit);
        if (end < length && FindWitness(file, segment, end, length) is { } witness)
        {
            throw Damaged(path, end, $"the frame at {witness} shows that the file was durable beyond it");
        }

        return end;
    }

    public static RecordLogException Damaged(string path, long position, string why) => new(
        RecordLogError.Damaged,
        $"The log is damaged: file '{path}' at offset {position} holds no valid frame ({why}). Acknowledged records are " +
        "affected, so nothing is changed. Restore the file from a copy, or move it away knowing that its records are lost.");

    private static long Frames(IJournalFile file, long segment, long length, FrameVisitor visit)
    {
        var buffer = new byte[BlockBytes];
        var position = 0L;
        while (position < length)
        {
            var block = buffer.AsSpan(0, file.Read(position, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - position))));
            var at = 0;
            FrameCheck check;
            while ((check = FrameFormat.TryRead(block[at..], segment, position + at, out var header)) == FrameCheck.Valid)
            {
                visit(header, block.Slice(at, header.Length), position + at);
                at += header.Length;
                if (at == block.Length)
                {
                    break;
                }
            }

            position += at;
            if (check == FrameCheck.Bad || (at == 0 && !TryGrow(ref buffer, block, length - position)))
            {
                break;
            }
        }

        return position;
    }

    // A frame larger than the buffer, if its stated length fits the file at all.
    private static bool TryGrow(ref byte[] buffer, ReadOnlySpan<byte> block, long rest)
    {
        if (block.Length < FrameFormat.HeaderSize)
        {
            return false;
        }

        var length = FrameFormat.DraftLength(block);
        if (length <= buffer.Length || length > rest)
        {
            return false;
        }

        buffer = new byte[length];
        return true;
    }

    private static long? FindWitness(IJournalFile file, long segment, long bad, long length)
    {
        var buffer = new byte[BlockBytes];
        Span<byte> head = stackalloc byte[FrameFormat.HeaderSize];
        for (var start = bad; start < length; start += BlockBytes - FrameFormat.HeaderSize)
        {
            var block = buffer.AsSpan(0, file.Read(start, buffer));
            for (var at = 0; at + FrameFormat.HeaderSize <= block.Length; at += FrameFormat.Alignment)
            {
                block.Slice(at, FrameFormat.HeaderSize).CopyTo(head);
                if (FrameFormat.TryRead(head, segment, start + at, out var header) != FrameCheck.Bad
                    && header.DurableThrough > bad
                    && IsValid(file, segment, start + at, header.Length, length))
                {
                    return start + at;
                }
            }
        }

        return null;
    }

    private static bool IsValid(IJournalFile file, long segment, long position, int frameLength, long fileLength)
    {
        if (position + frameLength > fileLength)
        {
            return false;
        }

        var frame = new byte[frameLength];
        return file.Read(position, frame) == frameLength
            && FrameFormat.TryRead(frame, segment, position, out _) == FrameCheck.Valid;
    }
}
