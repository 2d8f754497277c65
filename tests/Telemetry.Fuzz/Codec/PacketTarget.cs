using System.Buffers;
using System.Diagnostics;
using System.Numerics;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.Fuzz.Codec;

/// <summary>One packet body: read, and if it is a packet, written and read again.</summary>
internal static class PacketTarget
{
    /// <summary>
    /// Bytes on the heap that a byte of input may cost. The dearest are a SUBSCRIBE's filters: four bytes of input make a request, a
    /// filter and two strings.
    /// </summary>
    private const long AllocatedPerByte = 160;

    private const long AllocatedFixed = 4096;

    /// <returns>A hash of the judgement.</returns>
    public static int Run(MqttPacketType type, byte flags, ReadOnlySpan<byte> body, MqttVersion version, bool fromServer)
    {
        var first = Read(type, flags, body, version, fromServer, out var error);
        if (first is null)
        {
            Demand(!error.IsNone, "a refusal without error", type);
            return HashCode.Combine(type, version, fromServer, error.Code, error.Clause);
        }

        Demand(error.IsNone, "a packet with an error", type);
        var written = new ArrayBufferWriter<byte>(body.Length + 16);
        var size = first.Write(written);
        Demand(size == written.WrittenCount, "wrote another size than it said", type);
        var status = MqttFrame.TryRead(
            new ReadOnlySequence<byte>(written.WrittenMemory), int.MaxValue, out var frame, out _, out _, out var frameError);
        Demand(status == FrameStatus.Complete && frame.Length == size && frame.Type == type, $"wrote what is no {type}: {frameError}", type);
        using var again = frame.GetBody();
        var second = Read(type, frame.Flags, again.Span, version, fromServer, out error);
        Demand(second is not null, $"does not read what it wrote: {error}", type);
        Demand(first.Text == second!.Text, $"came back as another packet: {first.Text} and {second.Text}", type);
        return HashCode.Combine(type, version, fromServer, BitOperations.Log2((uint)first.Text.Length));
    }

    private static Parsed? Read(
        MqttPacketType type, byte flags, ReadOnlySpan<byte> body, MqttVersion version, bool fromServer, out MqttError error)
    {
        // First without looking at what came out: this is what the broker does, and what it may cost.
        var isPacket = Measure(type, flags, body, version, fromServer, out error, out var allocated);
        var allowed = type is MqttPacketType.Publish || IsAck(type) ? 0 : AllocatedFixed + (AllocatedPerByte * body.Length);
        if (allocated > allowed)
        {
            // Once more: the first time may pay for what is made once in a process.
            Measure(type, flags, body, version, fromServer, out error, out allocated);
            Demand(allocated <= allowed, $"allocated {allocated} bytes for {body.Length}", type);
        }

        return isPacket ? Parsed.From(type, flags, body, version, fromServer) : null;
    }

    private static bool Measure(
        MqttPacketType type, byte flags, ReadOnlySpan<byte> body, MqttVersion version, bool fromServer, out MqttError error, out long allocated)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isPacket = TryParse(type, flags, body, version, fromServer, out error);
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return isPacket;
    }

    private static bool IsAck(MqttPacketType type) =>
        type is MqttPacketType.PubAck or MqttPacketType.PubRec or MqttPacketType.PubRel or MqttPacketType.PubComp;

    private static bool TryParse(
        MqttPacketType type, byte flags, ReadOnlySpan<byte> body, MqttVersion version, bool fromServer, out MqttError error)
    {
        switch (type, fromServer)
        {
            case (MqttPacketType.Publish, _):
                return PublishPacket.TryParse(flags, body, version, out _, out error);
            case (_, _) when IsAck(type):
                return PubAckPacket.TryParse(type, body, version, out _, out error);
            case (MqttPacketType.Connect, false):
                var isConnect = ConnectPacket.TryParse(body, out _, out var failure);
                error = failure.Error;
                return isConnect;
            case (MqttPacketType.Subscribe, false):
                return SubscribePacket.TryParse(body, version, out _, out error);
            case (MqttPacketType.Unsubscribe, false):
                return UnsubscribePacket.TryParse(body, version, out _, out error);
            case (MqttPacketType.Disconnect, false):
                return DisconnectPacket.TryParse(body, version, out _, out error);
            case (MqttPacketType.PingReq, false):
                return PingPacket.TryParse(body, out error);
            case (MqttPacketType.ConnAck, true):
                return ServerPackets.ConnAck(body, version, out _, out error);
            case (MqttPacketType.SubAck, true):
                return ServerPackets.SubAck(body, version, out _, out error);
            case (MqttPacketType.UnsubAck, true):
                return ServerPackets.UnsubAck(body, version, out _, out error);
            default:
                error = MqttError.Protocol("MQTT-4.13.1-1", "Not a packet that this side sends, or reads.");
                return false;
        }
    }

    [StackTraceHidden]
    private static void Demand(bool holds, string otherwise, MqttPacketType type)
    {
        if (!holds)
        {
            throw new FindingException($"{type}: {otherwise}");
        }
    }
}
