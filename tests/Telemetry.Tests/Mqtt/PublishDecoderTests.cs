using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.Tests.Mqtt;

public sealed class PublishDecoderTests
{
    private static readonly byte[] None = Wire.Properties();

    [Theory]
    [InlineData(0x30, MqttQos.AtMostOnce, false, false)]
    [InlineData(0x31, MqttQos.AtMostOnce, true, false)]
    [InlineData(0x32, MqttQos.AtLeastOnce, false, false)]
    [InlineData(0x3A, MqttQos.AtLeastOnce, false, true)]
    [InlineData(0x3D, MqttQos.ExactlyOnce, true, true)]
    public void Publish_has_all_its_fields_in_both_versions(byte first, MqttQos qos, bool retain, bool duplicate)
    {
        object[] identifier = qos == MqttQos.AtMostOnce ? [] : [1, 2];
        var expected = $"PUBLISH 'a/b' {(qos == 0 ? 0 : 258)} {qos} retain={retain} dup={duplicate} alias=0 expiry= format=0 sub=0 "
            + "type='' response='' correlation=  FFFE";
        byte[] payload = [0xFF, 0xFE];
        Decoded.From(Wire.Packet(first, ["a/b", .. identifier, payload]), MqttVersion.V311).Text.ShouldBe(expected);
        Decoded.From(Wire.Packet(first, ["a/b", .. identifier, None, payload])).Text.ShouldBe(expected);
    }

    [Fact]
    public void Publish_has_all_its_properties()
    {
        byte[] packet = Wire.Packet(
            0x30, "t",
            Wire.Properties(1, 1, 2, 0, 0, 1, 0, 3, "ct", 8, "rt", 9, "cd", 0x23, 0, 7, 0x0B, 0x80, 1, 0x0B, 5, 0x26, "n", "v"),
            "p"u8.ToArray());
        var decoded = Decoded.From(packet, sender: Sender.Server);
        decoded.Text.ShouldStartWith(
            "PUBLISH 't' 0 AtMostOnce retain=False dup=False alias=7 expiry=256 format=1 sub=128 type='ct' response='rt' "
            + "correlation=6364 ");
    }

    [Fact, Spec("MQTT-2.2.1-3")]
    public void Packet_identifier_0_is_malformed()
    {
        Decoded.From(Wire.Packet(0x32, "t", 0, 0, None)).Error.Clause.ShouldBe("MQTT-2.2.1-3");
        Decoded.From(Wire.Packet(0x34, "t", 0, 0), MqttVersion.V311).Error.Clause.ShouldBe("MQTT-2.2.1-3");
    }

    [Theory, Spec("MQTT-3.3.2-2"), Spec("MQTT-4.7.0-1")]
    [InlineData("a/+")]
    [InlineData("#")]
    [InlineData("a+b")]
    [InlineData("a#")]
    public void Wildcard_in_a_topic_name_is_malformed(string topic)
    {
        Decoded.From(Wire.Packet(0x30, topic, None)).Error.Clause.ShouldBe("MQTT-3.3.2-2");
        Decoded.From(Wire.Packet(0x30, topic), MqttVersion.V311).Error.Clause.ShouldBe("MQTT-3.3.2-2");
    }

    [Fact, Spec("MQTT-3.3.2-14")]
    public void Wildcard_in_a_response_topic_is_a_protocol_error()
    {
        Decoded.From(Wire.Packet(0x30, "t", Wire.Properties(8, "a/+"))).Error.Code.ShouldBe(ReasonCode.ProtocolError);
        Decoded.From(Wire.Packet(0x30, "t", Wire.Properties(8, "#"))).Error.Code.ShouldBe(ReasonCode.ProtocolError);
    }

    [Fact, Spec("MQTT-4.7.3-1")]
    public void Empty_topic_needs_an_alias()
    {
        Decoded.From(Wire.Packet(0x30, ""), MqttVersion.V311).Error.Clause.ShouldBe("MQTT-4.7.3-1");
        Decoded.From(Wire.Packet(0x30, "", None)).Error.Code.ShouldBe(ReasonCode.ProtocolError);
        Decoded.From(Wire.Packet(0x30, "", Wire.Properties(0x23, 0, 1))).IsPacket.ShouldBeTrue();
    }

    [Fact, Spec("MQTT-3.3.2-8")]
    public void Topic_alias_0_is_invalid()
    {
        Decoded.From(Wire.Packet(0x30, "t", Wire.Properties(0x23, 0, 0))).Error.Code.ShouldBe(ReasonCode.TopicAliasInvalid);
    }

    [Fact, Spec("MQTT-4.7.3-3")]
    public void Topic_name_of_65535_bytes_works()
    {
        var topic = new string('x', 65_535);
        Decoded.From(Wire.Packet(0x30, topic, None)).IsPacket.ShouldBeTrue();
    }

    [Fact, Spec("MQTT-2.2.2-1")]
    public void Publish_of_version_5_needs_a_property_length()
    {
        Decoded.From(Wire.Packet(0x30, "t")).Error.Clause.ShouldBe("MQTT-2.2.2-1");
    }

    [Fact]
    public void Publish_cut_inside_its_header_is_malformed()
    {
        byte[] body = Wire.Join("topic", 0, 1, Wire.Properties(2, 0, 0, 0, 1, 0x26, "n", "v"));
        for (var length = 0; length < body.Length; length++)
        {
            Decoded.From(Wire.Packet(0x32, body[..length])).Error.Code.ShouldBe(ReasonCode.MalformedPacket, $"cut at {length}");
        }
    }

    [Fact]
    public void Payload_format_1_is_checked_on_demand()
    {
        byte[] body = Wire.Join("t", Wire.Properties(1, 1), new byte[] { 0xFF });
        PublishPacket.TryParse(0, body, MqttVersion.V500, out var packet, out _).ShouldBeTrue();
        packet.IsPayloadFormatValid.ShouldBeFalse();
    }

    [Fact]
    public void User_property_is_found_by_name()
    {
        byte[] body = Wire.Join("t", Wire.Properties(0x26, "a", "1", 0x26, "traceparent", "00-x", 0x26, "traceparent", "no"));
        PublishPacket.TryParse(0, body, MqttVersion.V500, out var packet, out _).ShouldBeTrue();
        packet.TryGetUserProperty("traceparent"u8, out var value).ShouldBeTrue();
        value.SequenceEqual("00-x"u8).ShouldBeTrue();
        packet.TryGetUserProperty("b"u8, out _).ShouldBeFalse();
    }

    [Fact]
    public void Publish_and_puback_are_decoded_without_allocating()
    {
        byte[] publish = Wire.Join("telemetry/v1/d/readings", 0, 7, Wire.Properties(2, 0, 0, 0, 1, 0x26, "n", "v"), new byte[200]);
        byte[] ack = [0, 7];
        Decode(publish, ack);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Decode(publish, ack);
        }
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        static void Decode(byte[] publish, byte[] ack)
        {
            if (!PublishPacket.TryParse(2, publish, MqttVersion.V500, out _, out _)
                || !PubAckPacket.TryParse(MqttPacketType.PubAck, ack, MqttVersion.V500, out _, out _))
            {
                throw new InvalidOperationException("The packets should be right.");
            }
        }
    }
}
