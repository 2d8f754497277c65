using System.Buffers;
using Telemetry.Mqtt;
using Telemetry.Testing;
using Telemetry.Testing.Mqtt;

namespace Telemetry.Tests.Mqtt;

public sealed class EncoderTests
{
    [Theory]
    [InlineData(MqttPacketType.PubAck, 0x40)]
    [InlineData(MqttPacketType.PubRec, 0x50)]
    [InlineData(MqttPacketType.PubRel, 0x62)]
    [InlineData(MqttPacketType.PubComp, 0x70)]
    public void Successful_acknowledgement_is_4_bytes(MqttPacketType type, byte first)
    {
        Written(o => PubAckPacket.Write(o, type, 0x1234)).ShouldBe([first, 2, 0x12, 0x34]);
        Written(o => PubAckPacket.Write(o, type, MqttVersion.V500, 0x1234, ReasonCode.Success)).ShouldBe([first, 2, 0x12, 0x34]);
        Written(o => PubAckPacket.Write(
            o, type, MqttVersion.V500, 0x1234, ReasonCode.Success, new MqttProperties { ReasonString = "because" }, 4)).ShouldBe([first, 2, 0x12, 0x34]);
        Written(o => PubAckPacket.Write(o, type, MqttVersion.V311, 0x1234, ReasonCode.NotAuthorized)).ShouldBe([first, 2, 0x12, 0x34]);
    }

    [Fact]
    public void Publish_is_the_bytes_of_the_specification()
    {
        Written(o => PublishPacket.Write(o, MqttVersion.V311, "a/b"u8, default, "hi"u8,
            new PublishDelivery { Qos = MqttQos.AtLeastOnce, PacketIdentifier = 10 }))
            .ShouldBe(Wire.Packet(0x32, "a/b", 0, 10, "hi"u8.ToArray()));
        Written(o => PublishPacket.Write(o, MqttVersion.V500, "a/b"u8, default, "hi"u8,
            new PublishDelivery { Retain = true, MessageExpiryInterval = 1, TopicAlias = 2, OmitTopicName = true }))
            .ShouldBe(Wire.Packet(0x31, "", Wire.Properties(2, 0, 0, 0, 1, 0x23, 0, 2), "hi"u8.ToArray()));
    }

    [Fact, Spec("MQTT-3.3.2-4"), Spec("MQTT-3.3.2-15"), Spec("MQTT-3.3.2-16"), Spec("MQTT-3.3.2-17"), Spec("MQTT-3.3.2-18"),
        Spec("MQTT-3.3.2-20")]
    public void Forwarded_properties_are_unaltered_and_alias_expiry_and_identifiers_are_not_forwarded()
    {
        byte[] kept1 = Wire.Join(0x26, "b", "1", 1, 1, 3, "ct");
        byte[] kept2 = Wire.Join(0x26, "a", "2", 8, "rt", 9, "cd");
        byte[] body = Wire.Join("", Wire.Properties(0x23, 0, 5, kept1, 2, 0, 0, 0, 9, 0x0B, 7, kept2), "p"u8.ToArray());
        PublishPacket.TryParse(0, body, MqttVersion.V500, out var packet, out _).ShouldBeTrue();
        var message = PublishMessage.From(packet, "real/topic"u8);
        message.ForwardedProperties.ToArray().ShouldBe([.. kept1, .. kept2]);
        message.TopicName.ToArray().ShouldBe("real/topic"u8.ToArray());
        Written(o => PublishPacket.Write(o, MqttVersion.V500, message, new PublishDelivery { MessageExpiryInterval = 3 }))
            .ShouldBe(Wire.Packet(0x30, "real/topic", Wire.Properties(2, 0, 0, 0, 3, kept1, kept2), "p"u8.ToArray()));
        Written(o => PublishPacket.Write(o, MqttVersion.V311, message, new PublishDelivery { MessageExpiryInterval = 3 }))
            .ShouldBe(Wire.Packet(0x30, "real/topic", "p"u8.ToArray()));
    }

    [Fact]
    [Spec("MQTT-3.2.2-19"), Spec("MQTT-3.2.2-20"), Spec("MQTT-3.4.2-2"), Spec("MQTT-3.4.2-3"), Spec("MQTT-3.5.2-2"), Spec("MQTT-3.5.2-3")]
    [Spec("MQTT-3.6.2-2"), Spec("MQTT-3.6.2-3"), Spec("MQTT-3.7.2-2"), Spec("MQTT-3.7.2-3"), Spec("MQTT-3.9.2-1"), Spec("MQTT-3.9.2-2")]
    [Spec("MQTT-3.11.2-1"), Spec("MQTT-3.11.2-2"), Spec("MQTT-3.14.2-3"), Spec("MQTT-3.14.2-4")]
    public void Reason_string_and_user_properties_give_way_to_the_maximum_packet_size()
    {
        var properties = new MqttProperties { ReasonString = new string('r', 50) }.AddUserProperty("n", "v");
        var writers = new Func<IBufferWriter<byte>, int, int>[]
        {
            (o, max) => PubAckPacket.Write(o, MqttPacketType.PubAck, MqttVersion.V500, 1, ReasonCode.NotAuthorized, properties, max),
            (o, max) => PubAckPacket.Write(o, MqttPacketType.PubRec, MqttVersion.V500, 1, ReasonCode.NotAuthorized, properties, max),
            (o, max) => PubAckPacket.Write(o, MqttPacketType.PubRel, MqttVersion.V500, 1, ReasonCode.PacketIdentifierNotFound, properties, max),
            (o, max) => PubAckPacket.Write(o, MqttPacketType.PubComp, MqttVersion.V500, 1, ReasonCode.PacketIdentifierNotFound, properties, max),
            (o, max) => ConnAckPacket.Write(
                o, MqttVersion.V500, new ConnAckPacket { ReasonCode = ReasonCode.NotAuthorized, Properties = properties }, max),
            (o, max) => SubAckPacket.Write(
                o, MqttVersion.V500, new SubAckPacket { PacketIdentifier = 1, ReasonCodes = [0], Properties = properties }, max),
            (o, max) => UnsubAckPacket.Write(
                o, MqttVersion.V500, new UnsubAckPacket { PacketIdentifier = 1, ReasonCodes = [0], Properties = properties }, max),
            (o, max) => DisconnectPacket.Write(o, MqttVersion.V500, ReasonCode.ServerBusy, properties, max),
        };
        foreach (var write in writers)
        {
            var full = Written(o => write(o, int.MaxValue)).Length;
            Written(o => write(o, full)).Length.ShouldBe(full);
            var cut = Written(o => write(o, full - 1));
            cut.Length.ShouldBeLessThan(20);
            Decoded.From(cut, sender: Sender.Server).IsPacket.ShouldBeTrue();
            Written(o => write(o, cut.Length)).ShouldBe(cut);
            Written(o => write(o, cut.Length - 1)).ShouldBeEmpty();
        }
    }

    [Fact, Spec("MQTT-3.2.2-6")]
    public void Refusing_connack_never_says_session_present()
    {
        var refusal = new ConnAckPacket { SessionPresent = true, ReasonCode = ReasonCode.NotAuthorized };
        Written(o => ConnAckPacket.Write(o, MqttVersion.V500, refusal)).ShouldBe([0x20, 3, 0, 0x87, 0]);
        Written(o => ConnAckPacket.Write(o, MqttVersion.V311, refusal)).ShouldBe([0x20, 2, 0, 5]);
    }

    [Theory]
    [InlineData(ReasonCode.UnsupportedProtocolVersion, 1)]
    [InlineData(ReasonCode.ClientIdentifierNotValid, 2)]
    [InlineData(ReasonCode.ServerBusy, 3)]
    [InlineData(ReasonCode.BadUserNameOrPassword, 4)]
    [InlineData(ReasonCode.NotAuthorized, 5)]
    public void Connack_of_version_3_has_the_nearest_return_code(ReasonCode code, byte returnCode)
    {
        Written(o => ConnAckPacket.Write(o, MqttVersion.V311, new ConnAckPacket { ReasonCode = code }))
            .ShouldBe([0x20, 2, 0, returnCode]);
    }

    [Fact]
    public void String_too_long_for_the_protocol_is_refused_before_anything_is_written()
    {
        var output = new ArrayBufferWriter<byte>();
        Should.Throw<ArgumentException>(() => ClientPackets.Connect(output, new ConnectPacket { ClientId = new string('x', 65_536) }));
        output.WrittenCount.ShouldBe(0);
    }

    [Fact]
    public void Publish_and_puback_are_encoded_without_allocating()
    {
        var output = new ArrayBufferWriter<byte>(1024);
        var message = PublishMessage.Create("telemetry/v1/d/readings", new byte[200], new MqttProperties { ContentType = "x" });
        Encode(output, message);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Encode(output, message);
        }
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        static void Encode(ArrayBufferWriter<byte> output, PublishMessage message)
        {
            output.ResetWrittenCount();
            PublishPacket.Write(output, MqttVersion.V500, message, new PublishDelivery { Qos = MqttQos.AtLeastOnce, PacketIdentifier = 1 });
            PubAckPacket.Write(output, MqttPacketType.PubAck, 1);
        }
    }

    private static byte[] Written(Func<IBufferWriter<byte>, int> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output).ShouldBe(output.WrittenCount);
        return output.WrittenSpan.ToArray();
    }
}
