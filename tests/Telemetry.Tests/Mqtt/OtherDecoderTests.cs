using Telemetry.Mqtt;
using Telemetry.Tests.Support;

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

    [Fact, Spec("MQTT-3.9.3-2")]
    public void Suback_codes_are_those_of_its_version()
    {
        byte[] version3 = [0, 1, 2, 0x80];
        byte[] version5 = [0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2];
        for (var code = 0; code <= 255; code++)
        {
            Decoded.From(Wire.Packet(0x90, 0, 1, code), MqttVersion.V311, MqttPeer.Server).IsPacket
                .ShouldBe(version3.Contains((byte)code));
            Decoded.From(Wire.Packet(0x90, 0, 1, None, code), MqttVersion.V500, MqttPeer.Server).IsPacket
                .ShouldBe(version5.Contains((byte)code));
        }
    }

    [Fact, Spec("MQTT-3.11.3-2")]
    public void Unsuback_has_codes_in_version_5_only()
    {
        byte[] codes = [0, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91];
        for (var code = 0; code <= 255; code++)
        {
            Decoded.From(Wire.Packet(0xB0, 0, 1, None, code), MqttVersion.V500, MqttPeer.Server).IsPacket
                .ShouldBe(codes.Contains((byte)code));
        }
        Decoded.From(Wire.Packet(0xB0, 0, 1), MqttVersion.V311, MqttPeer.Server).IsPacket.ShouldBeTrue();
        Decoded.From(Wire.Packet(0xB0, 0, 1, 0), MqttVersion.V311, MqttPeer.Server).IsPacket.ShouldBeFalse();
        Decoded.From(Wire.Packet(0xB0, 0, 1, None), MqttVersion.V500, MqttPeer.Server).IsPacket.ShouldBeFalse();
    }

    [Fact, Spec("MQTT-3.14.2-1"), Spec("MQTT-3.14.2-2")]
    public void Disconnect_codes_depend_on_who_sends()
    {
        byte[] both = [0, 0x80, 0x81, 0x82, 0x83, 0x8C, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];
        byte[] client = [.. both, 0x04];
        byte[] server = [.. both, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2];
        for (var code = 0; code <= 255; code++)
        {
            Decoded.From(Wire.Packet(0xE0, code)).IsPacket.ShouldBe(client.Contains((byte)code), $"client 0x{code:X2}");
            Decoded.From(Wire.Packet(0xE0, code), sender: MqttPeer.Server).IsPacket
                .ShouldBe(server.Contains((byte)code), $"server 0x{code:X2}");
        }
        byte[] expiry = Wire.Packet(0xE0, 0, Wire.Properties(0x11, 0, 0, 0, 1));
        Decoded.From(expiry).IsPacket.ShouldBeTrue();
        Decoded.From(expiry, sender: MqttPeer.Server).Error.Clause.ShouldBe("MQTT-3.14.2-2");
        Decoded.From([0xE0, 0]).Text.ShouldBe("DISCONNECT Success {}");
        Decoded.From([0xE0, 1, 0], MqttVersion.V311).Error.Code.ShouldBe(ReasonCode.MalformedPacket);
    }

    [Fact, Spec("MQTT-3.15.2-1")]
    public void Auth_needs_a_method_and_a_code_of_its_sender()
    {
        byte[] method = Wire.Properties(0x15, "m");
        Decoded.From(Wire.Packet(0xF0, 0x18, method)).IsPacket.ShouldBeTrue();
        Decoded.From(Wire.Packet(0xF0, 0x19, method)).IsPacket.ShouldBeTrue();
        Decoded.From(Wire.Packet(0xF0, 0x19, method), sender: MqttPeer.Server).IsPacket.ShouldBeFalse();
        Decoded.From(Wire.Packet(0xF0, 0x00, method)).IsPacket.ShouldBeFalse();
        Decoded.From(Wire.Packet(0xF0, 0x00, method), sender: MqttPeer.Server).IsPacket.ShouldBeTrue();
        Decoded.From(Wire.Packet(0xF0, 0x87, method), sender: MqttPeer.Server).IsPacket.ShouldBeFalse();
        Decoded.From(Wire.Packet(0xF0, 0x18, None)).Error.Code.ShouldBe(ReasonCode.ProtocolError);
        Decoded.From([0xF0, 0]).IsPacket.ShouldBeFalse();
    }

    [Fact, Spec("MQTT-3.2.2-1"), Spec("MQTT-3.2.2-6")]
    public void Connack_flags_and_codes_are_checked()
    {
        Decoded.From(Wire.Packet(0x20, 1, 0, None), sender: MqttPeer.Server).Text.ShouldBe("CONNACK True Success {}");
        Decoded.From(Wire.Packet(0x20, 1, 0), MqttVersion.V311, MqttPeer.Server).Text.ShouldBe("CONNACK True Success {}");
        Decoded.From(Wire.Packet(0x20, 2, 0, None), sender: MqttPeer.Server).IsPacket.ShouldBeFalse();
        Decoded.From(Wire.Packet(0x20, 1, 0x87, None), sender: MqttPeer.Server).Error.Clause.ShouldBe("MQTT-3.2.2-6");
        Decoded.From(Wire.Packet(0x20, 0, 5), MqttVersion.V311, MqttPeer.Server).Text.ShouldBe("CONNACK False NotAuthorized {}");
        Decoded.From(Wire.Packet(0x20, 0, 6), MqttVersion.V311, MqttPeer.Server).IsPacket.ShouldBeFalse();
        Decoded.From(Wire.Packet(0x20, 0, 1, None), sender: MqttPeer.Server).IsPacket.ShouldBeFalse();
        Decoded.From(Wire.Packet(0x20, 0), sender: MqttPeer.Server).IsPacket.ShouldBeFalse();
    }
}
