using System.Buffers;
using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.Tests.Mqtt;

public sealed class FramingTests
{
    [Fact]
    public void Empty_buffer_needs_more()
    {
        MqttFrame.TryRead(ReadOnlySequence<byte>.Empty, 100, out _, out _, out _, out _).ShouldBe(FrameStatus.NeedMore);
    }

    [Theory, Spec("MQTT-1.5.5-1")]
    [InlineData(new byte[] { 0x30, 0x80, 0x80, 0x80, 0x80, 0x01 })]
    [InlineData(new byte[] { 0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F })]
    [InlineData(new byte[] { 0x30, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0x30, 0x80, 0x00 })]
    [InlineData(new byte[] { 0x30, 0xFF, 0x80, 0x00 })]
    [InlineData(new byte[] { 0x30, 0xFF, 0xFF, 0x80, 0x00 })]
    public void Remaining_length_of_five_bytes_or_not_in_shortest_form_is_malformed(byte[] bytes)
    {
        var decoded = Decoded.From(bytes);
        decoded.Status.ShouldBe(FrameStatus.Invalid);
        decoded.Error.Code.ShouldBe(ReasonCode.MalformedPacket);
        decoded.Error.Clause.ShouldBe("MQTT-1.5.5-1");
    }

    [Theory]
    [InlineData(new byte[] { 0xC0, 0x80, 0x00 }, 0)]
    [InlineData(new byte[] { 0x30, 0x84, 0x80, 0x00, 0, 1, 0x74, 0x31 }, 4)]
    [InlineData(new byte[] { 0x30, 0x84, 0x80, 0x80, 0x00, 0, 1, 0x74, 0x31 }, 4)]
    public void Longer_forms_of_the_remaining_length_are_taken_where_5_0_does_not_rule(byte[] bytes, int remaining)
    {
        for (var count = 0; count < bytes.Length; count++)
        {
            MqttFrame.TryRead(new(bytes, 0, count), 100, out _, out _, out _, out _, shortestForm: false).ShouldBe(FrameStatus.NeedMore);
        }

        MqttFrame.TryRead(new(bytes), 100, out var frame, out var end, out _, out _, shortestForm: false).ShouldBe(FrameStatus.Complete);
        frame.Body.Length.ShouldBe(remaining);
        frame.Length.ShouldBe(bytes.Length);
        frame.IsShortestForm.ShouldBeFalse();
        end.GetInteger().ShouldBe(bytes.Length);
    }

    [Theory]
    [InlineData(new byte[] { 0x30, 0x80, 0x80, 0x80, 0x80, 0x01 })]
    [InlineData(new byte[] { 0x30, 0x80, 0x80, 0x80, 0x80, 0x00 })]
    public void Five_bytes_of_remaining_length_are_malformed_in_3_1_1_too(byte[] bytes) =>
        MqttFrame.TryRead(new(bytes), 100, out _, out _, out _, out _, shortestForm: false).ShouldBe(FrameStatus.Invalid);

    [Theory, Spec("MQTT-1.5.5-1")]
    [InlineData(0, 1)]
    [InlineData(127, 1)]
    [InlineData(128, 2)]
    [InlineData(16_383, 2)]
    [InlineData(16_384, 3)]
    [InlineData(2_097_151, 3)]
    [InlineData(2_097_152, 4)]
    [InlineData(268_435_455, 4)]
    public void Variable_byte_integer_takes_the_fewest_bytes_and_comes_back(int value, int size)
    {
        var bytes = new byte[4];
        VariableByteInteger.Write(bytes, value).ShouldBe(size);
        VariableByteInteger.SizeOf(value).ShouldBe(size);
        VariableByteInteger.Read(bytes, out var read).ShouldBe(size);
        read.ShouldBe(value);
        VariableByteInteger.Read(bytes.AsSpan(0, size - 1), out _).ShouldBe(0);
    }

    [Fact, Spec("MQTT-2.1.2")]
    public void Packet_type_0_is_malformed_from_its_first_byte()
    {
        Decoded.From([0x00]).Error.Code.ShouldBe(ReasonCode.MalformedPacket);
    }

    [Fact, Spec("MQTT-2.1.3-1"), Spec("MQTT-3.6.1-1"), Spec("MQTT-3.8.1-1"), Spec("MQTT-3.10.1-1"), Spec("MQTT-3.14.1-1"),
        Spec("MQTT-3.15.1-1")]
    [Spec("MQTT3-2.2.2-1")]
    public void Flags_other_than_those_of_the_packet_type_are_malformed()
    {
        for (var type = 1; type <= 15; type++)
        {
            for (var flags = 0; flags <= 15; flags++)
            {
                var expected = type is 6 or 8 or 10 ? 2 : 0;
                var right = type == 3 ? (flags & 6) != 6 && (flags & 0xE) != 8 : flags == expected;
                var decoded = Decoded.From([(byte)(type << 4 | flags)]);
                decoded.Status.ShouldBe(right ? FrameStatus.NeedMore : FrameStatus.Invalid, $"type {type} flags {flags}");
                if (!right)
                {
                    decoded.Error.Code.ShouldBe(ReasonCode.MalformedPacket);
                }
            }
        }
    }

    [Fact, Spec("MQTT-3.3.1-4")]
    public void Qos_3_is_malformed() => Decoded.From([0x36, 0x00]).Error.Clause.ShouldBe("MQTT-3.3.1-4");

    [Fact, Spec("MQTT-3.3.1-2")]
    public void Dup_at_qos_0_is_malformed() => Decoded.From([0x38, 0x00]).Error.Clause.ShouldBe("MQTT-3.3.1-2");

    [Fact, Spec("MQTT-3.2.2-15")]
    public void Packet_over_the_limit_is_refused_on_its_header_alone()
    {
        // 1 MB announced, two bytes of it here.
        var decoded = Decoded.From([0x30, 0xC0, 0x84, 0x3D, 0x00, 0x01], maximum: 1000);
        decoded.Status.ShouldBe(FrameStatus.Invalid);
        decoded.Error.Code.ShouldBe(ReasonCode.PacketTooLarge);
    }

    [Fact, Spec("MQTT-3.2.2-15")]
    public void Packet_of_exactly_the_limit_is_taken()
    {
        var packet = Wire.Packet(0x30, "t", Wire.Properties(), new byte[50]);
        Decoded.From(packet, maximum: packet.Length).IsPacket.ShouldBeTrue();
        Decoded.From(packet, maximum: packet.Length - 1).Error.Code.ShouldBe(ReasonCode.PacketTooLarge);
    }

    [Fact]
    public void Several_packets_in_one_buffer_are_found_one_by_one()
    {
        byte[] first = Wire.Packet(0x30, "a", Wire.Properties(), new byte[] { 1 });
        byte[] second = [0xC0, 0x00];
        byte[] third = Wire.Packet(0x40, 0, 7);
        byte[] all = [.. first, .. second, .. third, 0x30];
        for (var at = 0; at <= all.Length; at++)
        {
            var buffer = Wire.Split(all, at);
            var types = new List<MqttPacketType>();
            while (MqttFrame.TryRead(buffer, 100, out var frame, out var consumed, out _, out _) == FrameStatus.Complete)
            {
                types.Add(frame.Type);
                buffer = buffer.Slice(consumed);
            }
            types.ShouldBe([MqttPacketType.Publish, MqttPacketType.PingReq, MqttPacketType.PubAck]);
            buffer.Length.ShouldBe(1);
        }
    }

    [Fact]
    public void Ping_with_a_body_is_malformed()
    {
        Decoded.From([0xC0, 0x01, 0x00]).Error.Code.ShouldBe(ReasonCode.MalformedPacket);
        Decoded.From([0xC0, 0x00]).IsPacket.ShouldBeTrue();
    }
}
