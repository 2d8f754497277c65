using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.Tests.Mqtt;

public sealed class OtherDecoderTests
{
    private static readonly byte[] None = Wire.Properties();

    [Theory]
    [InlineData(0x40, MqttPacketType.PubAck)]
    [InlineData(0x50, MqttPacketType.PubRec)]
    [InlineData(0x62, MqttPacketType.PubRel)]
    [InlineData(0x70, MqttPacketType.PubComp)]
    [Spec("MQTT-2.2.1-3"), Spec("MQTT-3.4.2-1"), Spec("MQTT-3.5.2-1"), Spec("MQTT-3.6.2-1"), Spec("MQTT-3.7.2-1")]
    public void Acknowledgements_have_three_lengths_and_their_own_codes(byte first, MqttPacketType type)
    {
        Decoded.From(Wire.Packet(first, 1, 2)).Text.ShouldBe($"{type} 258 Success ");
        Decoded.From(Wire.Packet(first, 1, 2), MqttVersion.V311).Text.ShouldBe($"{type} 258 Success ");
        Decoded.From(Wire.Packet(first, 1, 2, 0)).Text.ShouldBe($"{type} 258 Success ");
        Decoded.From(Wire.Packet(first, 1, 2, 0, None)).Text.ShouldBe($"{type} 258 Success ");
        Decoded.From(Wire.Packet(first, 1, 2, 0), MqttVersion.V311).Error.Code.ShouldBe(ReasonCode.MalformedPacket);
        Decoded.From(Wire.Packet(first, 1, 2, 0, None, 0)).Error.Code.ShouldBe(ReasonCode.MalformedPacket);
        Decoded.From(Wire.Packet(first, 0, 0)).Error.Clause.ShouldBe("MQTT-2.2.1-3");
        Decoded.From(Wire.Packet(first, 1)).Error.Code.ShouldBe(ReasonCode.MalformedPacket);
        Decoded.From(Wire.Packet(first)).Error.Code.ShouldBe(ReasonCode.MalformedPacket);
        byte[] codes = type is MqttPacketType.PubAck or MqttPacketType.PubRec
            ? [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
            : [0, 0x92];
        for (var code = 0; code <= 255; code++)
        {
            Decoded.From(Wire.Packet(first, 0, 1, code)).IsPacket.ShouldBe(codes.Contains((byte)code), $"{type} 0x{code:X2}");
        }
    }

    [Fact, Spec("MQTT-3.8.3-2"), Spec("MQTT-3.10.3-2")]
    public void Subscribe_and_unsubscribe_need_a_filter()
    {
        Decoded.From(Wire.Packet(0x82, 0, 1, None)).Error.Code.ShouldBe(ReasonCode.ProtocolError);
        Decoded.From(Wire.Packet(0x82, 0, 1), MqttVersion.V311).Error.Code.ShouldBe(ReasonCode.ProtocolError);
        Decoded.From(Wire.Packet(0xA2, 0, 1, None)).Error.Code.ShouldBe(ReasonCode.ProtocolError);
        Decoded.From(Wire.Packet(0xA2, 0, 1), MqttVersion.V311).Error.Code.ShouldBe(ReasonCode.ProtocolError);
    }

    [Fact, Spec("MQTT-3.8.3-5"), Spec("MQTT-3.8.3.1")]
    public void Subscription_options_are_judged_bit_by_bit()
    {
        for (var options = 0; options <= 255; options++)
        {
            var right5 = (options & 0xC0) == 0 && (options & 3) != 3 && (options >> 4 & 3) != 3;
            Decoded.From(Wire.Packet(0x82, 0, 1, None, "t", options)).IsPacket.ShouldBe(right5, $"5.0 0x{options:X2}");
            Decoded.From(Wire.Packet(0x82, 0, 1, "t", options), MqttVersion.V311).IsPacket.ShouldBe(options < 3, $"3.1.1 0x{options:X2}");
        }
        Decoded.From(Wire.Packet(0x82, 0, 1, None, "t", 0x2D)).Text
            .ShouldBe("SUBSCRIBE 1 t True AtLeastOnce True True DoNotSend {}");
    }

    [Fact, Spec("MQTT-3.8.3-4")]
    public void No_local_on_a_shared_subscription_is_a_protocol_error()
    {
        Decoded.From(Wire.Packet(0x82, 0, 1, None, "$share/g/t", 5)).Error.Clause.ShouldBe("MQTT-3.8.3-4");
    }

    [Fact]
    public void Filters_that_are_not_valid_stay_in_the_list_with_their_error()
    {
        SubscribePacket.TryParse(Wire.Join(0, 9, None, "a/+", 1, "a/#/b", 0, "", 0, "$share/g", 0, "b", 2),
            MqttVersion.V500, out var packet, out _).ShouldBeTrue();
        packet!.Requests.Select(r => r.Filter is null).ShouldBe([false, true, true, true, false]);
        packet.Requests.Select(r => r.FilterText).ShouldBe(["a/+", "a/#/b", "", "$share/g", "b"]);
        packet.Requests[1].FilterError.Clause.ShouldBe("MQTT-4.7.1-1");
    }

    [Fact, Spec("MQTT-2.2.1-3")]
    public void Subscribe_and_unsubscribe_need_an_identifier()
    {
        Decoded.From(Wire.Packet(0x82, 0, 0, None, "t", 0)).Error.Clause.ShouldBe("MQTT-2.2.1-3");
        Decoded.From(Wire.Packet(0xA2, 0, 0, None, "t")).Error.Clause.ShouldBe("MQTT-2.2.1-3");
    }

    [Fact]
    public void Subscribe_and_unsubscribe_cut_anywhere_are_refused()
    {
        byte[] subscribe = Wire.Join(0, 1, Wire.Properties(0x0B, 1), "abc", 1);
        byte[] unsubscribe = Wire.Join(0, 1, Wire.Properties(0x26, "n", "v"), "abc");
        for (var length = 0; length < subscribe.Length; length++)
        {
            Decoded.From(Wire.Packet(0x82, subscribe[..length])).IsPacket.ShouldBeFalse($"{length}");
        }
        for (var length = 0; length < unsubscribe.Length; length++)
        {
            Decoded.From(Wire.Packet(0xA2, unsubscribe[..length])).IsPacket.ShouldBeFalse($"{length}");
        }
    }

    [Fact, Spec("MQTT-3.14.2-1")]
    public void Disconnect_codes_are_those_a_client_may_send()
    {
        byte[] client = [0, 0x04, 0x80, 0x81, 0x82, 0x83, 0x8C, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];
        for (var code = 0; code <= 255; code++)
        {
            Decoded.From(Wire.Packet(0xE0, code)).IsPacket.ShouldBe(client.Contains((byte)code), $"0x{code:X2}");
        }
        Decoded.From(Wire.Packet(0xE0, 0, Wire.Properties(0x11, 0, 0, 0, 1))).IsPacket.ShouldBeTrue();
        Decoded.From([0xE0, 0]).Text.ShouldBe("DISCONNECT Success {}");
        Decoded.From([0xE0, 1, 0], MqttVersion.V311).Error.Code.ShouldBe(ReasonCode.MalformedPacket);
    }
}
