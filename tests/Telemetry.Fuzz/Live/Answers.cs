using System.Buffers;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.Fuzz.Live;

/// <summary>
/// What the broker sent on one connection: whole packets by the rules, CONNACK first and once, nothing behind DISCONNECT.
/// </summary>
internal sealed class Answers(MqttVersion? version)
{
    private byte[] _bytes = [];
    private bool _greeted;
    private bool _ended;

    /// <exception cref="FindingException">It broke a rule.</exception>
    public void Add(ReadOnlySpan<byte> more)
    {
        _bytes = [.. _bytes, .. more];
        var buffer = new ReadOnlySequence<byte>(_bytes);
        while (true)
        {
            var status = MqttFrame.TryRead(buffer, int.MaxValue, out var frame, out var end, out _, out var error);
            if (status == FrameStatus.NeedMore)
            {
                _bytes = buffer.ToArray();
                return;
            }

            Demand(status == FrameStatus.Complete, $"no frame: {error}");
            Check(frame);
            buffer = buffer.Slice(end);
        }
    }

    private void Check(in MqttFrame frame)
    {
        Demand(!_ended, $"{frame.Type} behind DISCONNECT");
        Demand(_greeted != (frame.Type == MqttPacketType.ConnAck), $"{frame.Type} {(_greeted ? "behind" : "before")} CONNACK");
        _greeted = true;
        _ended = frame.Type == MqttPacketType.Disconnect;
        if (version is not { } spoken)
        {
            return;
        }

        using var body = frame.GetBody();
        var error = default(MqttError);
        var isRight = frame.Type switch
        {
            MqttPacketType.ConnAck => ServerPackets.ConnAck(body.Span, spoken, out _, out error),
            MqttPacketType.Publish => PublishPacket.TryParse(frame.Flags, body.Span, spoken, out _, out error),
            MqttPacketType.PubAck or MqttPacketType.PubRec or MqttPacketType.PubRel or MqttPacketType.PubComp =>
                PubAckPacket.TryParse(frame.Type, body.Span, spoken, out _, out error),
            MqttPacketType.SubAck => ServerPackets.SubAck(body.Span, spoken, out _, out error),
            MqttPacketType.UnsubAck => ServerPackets.UnsubAck(body.Span, spoken, out _, out error),
            MqttPacketType.PingResp => body.Span.IsEmpty,
            MqttPacketType.Disconnect => spoken == MqttVersion.V500 && ServerPackets.Disconnect(body.Span, out _, out error),
            _ => false,
        };
        Demand(isRight, $"{frame.Type}: {error}");
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new FindingException($"the broker sent {otherwise}");
        }
    }
}
