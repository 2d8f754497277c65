using System.Buffers;

namespace Telemetry.Mqtt.Client;

/// <summary>Received bytes that are not a whole packet yet. Holds no array while it is empty.</summary>
internal sealed class ReceiveBuffer
{
    // One page: many acknowledgements, or a few publishes, in one read.
    private const int NormalSize = 4096;

    private byte[]? _bytes;
    private int _start;
    private int _end;

    public bool IsEmpty => _start == _end;

    public ReadOnlySpan<byte> Unread => _bytes.AsSpan(_start, _end - _start);

    /// <summary>Room to receive into, at least one byte of it.</summary>
    public Memory<byte> GetFree()
    {
        _bytes ??= ArrayPool<byte>.Shared.Rent(NormalSize);
        return _bytes.AsMemory(_end);
    }

    public void Received(int count) => _end += count;

    public void Consume(int count) => _start += count;

    /// <summary>Makes room for a packet of <paramref name="packetSize"/> bytes whose first bytes are unread here.</summary>
    public void MakeRoom(int packetSize)
    {
        if (_bytes is null || IsEmpty)
        {
            Release();
            return;
        }
        var unread = _end - _start;
        if (_bytes.Length < packetSize)
        {
            var larger = ArrayPool<byte>.Shared.Rent(packetSize);
            Unread.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }
        else if (_start > 0)
        {
            Unread.CopyTo(_bytes);
        }
        _start = 0;
        _end = unread;
    }

    /// <summary>Gives the array back; unread bytes are lost.</summary>
    public void Release()
    {
        if (_bytes is { } bytes)
        {
            _bytes = null;
            ArrayPool<byte>.Shared.Return(bytes);
        }
        _start = _end = 0;
    }
}
