using System.Buffers;

namespace Telemetry.Mqtt.Client;

/// <summary>Packets waiting for the socket, in one pooled array that is handed over whole. Holds nothing while empty.</summary>
internal sealed class SendBuffer : IBufferWriter<byte>
{
    private const int SmallestSize = 512;

    private byte[]? _bytes;

    public int Count { get; private set; }

    public void Advance(int count) => Count += count;

    public Memory<byte> GetMemory(int sizeHint = 0) => Reserve(sizeHint).AsMemory(Count);

    public Span<byte> GetSpan(int sizeHint = 0) => Reserve(sizeHint).AsSpan(Count);

    /// <summary>The last <paramref name="count"/> bytes written.</summary>
    public ReadOnlySpan<byte> Last(int count) => _bytes.AsSpan(Count - count, count);

    /// <summary>Takes the array out; the receiver gives it back to the pool.</summary>
    public ArraySegment<byte> Detach()
    {
        var detached = new ArraySegment<byte>(_bytes ?? [], 0, Count);
        _bytes = null;
        Count = 0;
        return detached;
    }

    /// <summary>Throws away what waits.</summary>
    public void Clear()
    {
        if (_bytes is { } bytes)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
        _bytes = null;
        Count = 0;
    }

    private byte[] Reserve(int sizeHint)
    {
        var needed = Count + Math.Max(sizeHint, 1);
        if (_bytes is null)
        {
            _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(needed, SmallestSize));
        }
        else if (_bytes.Length < needed)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _bytes.Length * 2));
            _bytes.AsSpan(0, Count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }
        return _bytes;
    }
}
