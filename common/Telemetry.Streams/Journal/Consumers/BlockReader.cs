using System.Buffers;
using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Consumers;

/// <summary>Reads frames in blocks; the buffers are rented and stay valid until <see cref="Release"/>.</summary>
internal sealed class BlockReader(int blockBytes) : IDisposable
{
    private readonly List<byte[]> _rented = [];

    public long BytesRead { get; private set; }

    /// <summary>
    /// Bytes from a place of a segment on that hold at least one whole frame, or none at the segment's end; null when the
    /// segment has been taken away.
    /// </summary>
    public ReadOnlyMemory<byte>? Read(Segment segment, long position, long end)
    {
        var wanted = (int)Math.Min(end - position, blockBytes);
        if (wanted <= 0)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        try
        {
            var block = Fill(segment, position, wanted);
            if (block.Length >= FrameFormat.HeaderSize)
            {
                var frame = FrameFormat.DraftLength(block.Span);
                if (frame > block.Length && frame <= end - position)
                {
                    block = Fill(segment, position, frame);
                }
            }

            return block;
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    public void Release()
    {
        foreach (var buffer in _rented)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _rented.Clear();
        BytesRead = 0;
    }

    public void Dispose() => Release();

    private Memory<byte> Fill(Segment segment, long position, int length)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        _rented.Add(buffer);
        var read = segment.File.Read(position, buffer.AsSpan(0, length));
        BytesRead += read;
        return buffer.AsMemory(0, read);
    }
}
