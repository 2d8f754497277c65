using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>One control packet found in a stream of bytes, its fields not read yet.</summary>
public readonly struct MqttFrame
{
    private readonly byte _firstByte;

    private MqttFrame(in MqttFrameHeader header, ReadOnlySequence<byte> body)
    {
        _firstByte = header.FirstByte;
        Length = header.PacketLength;
        IsShortestForm = header.IsShortestForm;
        Body = body;
    }

    /// <summary>Packet type. Known to be 1 to 15.</summary>
    public MqttPacketType Type => (MqttPacketType)(_firstByte >> 4);

    /// <summary>Low four bits of the first byte. Checked, except that DUP and QoS go with each other in PUBLISH.</summary>
    public byte Flags => (byte)(_firstByte & 0x0F);

    /// <summary>Bytes of the whole packet, fixed header included.</summary>
    public int Length { get; }

    /// <inheritdoc cref="MqttFrameHeader.IsShortestForm"/>
    public bool IsShortestForm { get; }

    /// <summary>Everything behind the fixed header; valid as long as the buffer it was found in.</summary>
    public ReadOnlySequence<byte> Body { get; }

    /// <summary>
    /// Finds the packet at the front of <paramref name="buffer"/>. Type, flags and size are judged on the header alone, so
    /// a packet over the limit is refused before any of its body is waited for.
    /// </summary>
    /// <param name="buffer">Bytes received and not consumed yet.</param>
    /// <param name="maximumPacketSize">Largest packet taken, fixed header included, in bytes.</param>
    /// <param name="frame">The packet, when complete.</param>
    /// <param name="consumed">End of the packet when complete, else the start of <paramref name="buffer"/>.</param>
    /// <param name="examined">End of the packet when complete, else the end of <paramref name="buffer"/>.</param>
    /// <param name="error">Set when the answer is <see cref="FrameStatus.Invalid"/>.</param>
    /// <param name="shortestForm">False for a client of 3.1.1, and before its version is known: see <see cref="IsShortestForm"/>.</param>
    public static FrameStatus TryRead(
        in ReadOnlySequence<byte> buffer,
        int maximumPacketSize,
        out MqttFrame frame,
        out SequencePosition consumed,
        out SequencePosition examined,
        out MqttError error,
        bool shortestForm = true)
    {
        frame = default;
        consumed = buffer.Start;
        examined = buffer.End;
        MqttFrameHeader header;
        FrameStatus status;
        var first = buffer.FirstSpan;
        if (first.Length >= MqttFrameHeader.MaxSize || buffer.IsSingleSegment)
        {
            status = MqttFrameHeader.TryRead(first, maximumPacketSize, shortestForm, out header, out error);
        }
        else
        {
            Span<byte> start = stackalloc byte[MqttFrameHeader.MaxSize];
            var count = (int)Math.Min(buffer.Length, MqttFrameHeader.MaxSize);
            buffer.Slice(0, count).CopyTo(start);
            status = MqttFrameHeader.TryRead(start[..count], maximumPacketSize, shortestForm, out header, out error);
        }
        if (status != FrameStatus.Complete)
        {
            return status;
        }
        if (buffer.Length < header.PacketLength)
        {
            return FrameStatus.NeedMore;
        }
        var body = buffer.Slice(header.Length, header.RemainingLength);
        frame = new MqttFrame(header, body);
        consumed = examined = body.End;
        return FrameStatus.Complete;
    }

    /// <summary>
    /// The body in one piece. Copies to a pooled array only when the packet spans segments; dispose to give it back.
    /// </summary>
    public MqttFrameBody GetBody() => new(Body);
}
