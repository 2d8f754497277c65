using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>The body of a packet as one span.</summary>
public ref struct MqttFrameBody
{
    private byte[]? _rented;

    internal MqttFrameBody(ReadOnlySequence<byte> body)
    {
        if (body.IsSingleSegment)
        {
            Span = body.FirstSpan;
            return;
        }
        var length = (int)body.Length;
        _rented = ArrayPool<byte>.Shared.Rent(length);
        body.CopyTo(_rented);
        Span = _rented.AsSpan(0, length);
    }

    /// <summary>The bytes. Not to be used after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span { get; private set; }

    /// <summary>Gives the pooled copy back, if there was one.</summary>
    public void Dispose()
    {
        Span = default;
        if (_rented is { } rented)
        {
            _rented = null;
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
