using System.Buffers;

namespace Telemetry.Edge.Connections;

/// <summary>
/// Small packets waiting for the writer: filled by the reader, taken whole by the writer. Holds a pooled array only while
/// there is something in it. Its user's lock guards it.
/// </summary>
internal sealed class ControlBuffer : IBufferWriter<byte>
{
    private const int FirstSize = 256;

    private byte[]? _bytes;

    public int Count { get; private set; }

    public void Advance(int count) => Count += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(Count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(Count);
    }

    /// <summary>Copies everything to the output and is empty.</summary>
    public void MoveTo(IBufferWriter<byte> output)
    {
        output.Write(_bytes.AsSpan(0, Count));
        ArrayPool<byte>.Shared.Return(_bytes!);
        _bytes = null;
        Count = 0;
    }

    private void Reserve(int sizeHint)
    {
        var needed = Count + Math.Max(sizeHint, 1);
        if (_bytes is { } bytes && bytes.Length >= needed)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(FirstSize, Count * 2)));
        if (_bytes is { } old)
        {
            old.AsSpan(0, Count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(old);
        }

        _bytes = larger;
    }
}
