using Telemetry.Mqtt;
using Telemetry.Testing;
using Telemetry.Testing.Mqtt;

namespace Telemetry.Tests.Mqtt;

public sealed class ConnectDecoderTests
{
    private static readonly byte[] None = Wire.Properties();

    [Fact]
    public void Connect_of_version_3_has_all_its_fields()
    {
        var packet = Parse(Wire.Packet(0x10, "MQTT", 4, 0xEE, 0, 30, "id", "will/t", "bye", "me", "secret"));
        Dump.Connect(packet).ShouldBe(
            "CONNECT V311 'id' clean=True alive=30 user=me password=736563726574 "
            + "will=(will/t 627965 AtLeastOnce True {}) {}");
    }

    [Fact]
    public void Connect_of_version_5_has_all_its_fields()
    {
        var packet = Parse(Wire.Packet(
            0x10, "MQTT", 5, 0xD4, 1, 0,
            Wire.Properties(0x11, 0, 0, 0, 10, 0x21, 0, 5, 0x27, 0, 0, 1, 0, 0x22, 0, 3, 0x26, "a", "1", 0x26, "a", "2", 0x15, "m", 0x16, "d"),
            "id",
            Wire.Properties(0x18, 0, 0, 0, 9, 1, 1, 2, 0, 0, 0, 8, 3, "ct", 8, "rt", 9, "cd", 0x26, "w", "x"),
            "will", "", "me", ""));
        packet.Version.ShouldBe(MqttVersion.V500);
        packet.CleanStart.ShouldBeFalse();
        packet.KeepAlive.ShouldBe((ushort)256);
        packet.Properties!.SessionExpiryInterval.ShouldBe(10u);
        packet.Properties.ReceiveMaximum.ShouldBe((ushort)5);
        packet.Properties.MaximumPacketSize.ShouldBe(256u);
        packet.Properties.TopicAliasMaximum.ShouldBe((ushort)3);
        packet.Properties.AuthenticationMethod.ShouldBe("m");
        packet.Properties.AuthenticationData.ShouldBe("d"u8.ToArray());
        packet.Properties.UserProperties.ShouldBe([new("a", "1"), new("a", "2")]);
        packet.Will!.Qos.ShouldBe(MqttQos.ExactlyOnce);
        packet.Will.Payload.Length.ShouldBe(0);
        packet.Will.Properties!.WillDelayInterval.ShouldBe(9u);
        packet.Will.Properties.MessageExpiryInterval.ShouldBe(8u);
        packet.Will.Properties.ContentType.ShouldBe("ct");
        packet.Will.Properties.ResponseTopic.ShouldBe("rt");
        packet.Will.Properties.CorrelationData.ShouldBe("cd"u8.ToArray());
        packet.Password!.Value.Length.ShouldBe(0);
    }

    [Theory, Spec("MQTT-3.1.2-1")]
    [InlineData("MQIsdq", 3)]
    [InlineData("mqtt", 4)]
    [InlineData("", 5)]
    public void Wrong_protocol_name_is_told_from_everything_else_and_not_answered(string name, byte level)
    {
        var failure = Decoded.From(Wire.Packet(0x10, name, level, 2, 0, 0, "id")).ConnectFailure;
        failure.Kind.ShouldBe(ConnectFailureKind.WrongProtocolName);
        failure.AnswerVersion.ShouldBeNull();
    }

    [Theory, Spec("MQTT-3.1.2-2")]
    [InlineData(3, MqttVersion.V311)]
    [InlineData(0, MqttVersion.V311)]
    [InlineData(6, MqttVersion.V500)]
    [InlineData(0x7F, MqttVersion.V500)]
    // A bridge's mark on the levels of old.
    [InlineData(0x83, MqttVersion.V311)]
    [InlineData(0x84, MqttVersion.V311)]
    [InlineData(0x85, MqttVersion.V500)]
    public void Unsupported_level_is_0x84_in_the_version_its_sender_may_read(byte level, MqttVersion answer)
    {
        var failure = Decoded.From(Wire.Packet(0x10, "MQTT", level, 2, 0, 0, "id")).ConnectFailure;
        failure.Kind.ShouldBe(ConnectFailureKind.UnsupportedLevel);
        failure.Error.Code.ShouldBe(ReasonCode.UnsupportedProtocolVersion);
        failure.AnswerVersion.ShouldBe(answer);
    }

    [Fact]
    public void Connect_of_version_3_1_is_one_of_3_1_1_that_says_so()
    {
        var packet = Parse(Wire.Packet(0x10, "MQIsdp", 3, 0xEE, 0, 30, "id", "will/t", "bye", "me", "secret"));
        Dump.Connect(packet).ShouldBe(
            "CONNECT V311 'id' clean=True alive=30 user=me password=736563726574 "
            + "will=(will/t 627965 AtLeastOnce True {}) {}");
        packet.IsVersion31.ShouldBeTrue();
        Parse(Wire.Packet(0x10, "MQTT", 4, 2, 0, 0, "id")).IsVersion31.ShouldBeFalse();
    }

    [Fact]
    public void Remaining_length_goes_before_the_flags_of_user_and_password_in_version_3_1_alone()
    {
        var packet = Parse(Wire.Packet(0x10, "MQIsdp", 3, 0xC2, 0, 0, "id"));
        (packet.UserName, packet.Password).ShouldBe((null, null));
        Decoded.From(Wire.Packet(0x10, "MQTT", 4, 0xC2, 0, 0, "id")).IsPacket.ShouldBeFalse();
    }

    [Theory, Spec("MQTT-3.1.2-2")]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(0x83)]
    public void Other_levels_under_the_name_of_version_3_1_get_return_code_1(byte level)
    {
        var failure = Decoded.From(Wire.Packet(0x10, "MQIsdp", level, 2, 0, 0, "id")).ConnectFailure;
        (failure.Kind, failure.AnswerVersion).ShouldBe((ConnectFailureKind.UnsupportedLevel, MqttVersion.V311));
    }

    [Theory]
    [InlineData(0x03, "MQTT-3.1.2-3")]
    [InlineData(0x1E, "MQTT-3.1.2-12")]
    [InlineData(0x0A, "MQTT-3.1.2-11")]
    [InlineData(0x12, "MQTT-3.1.2-11")]
    [InlineData(0x22, "MQTT-3.1.2-13")]
    [Spec("MQTT-3.1.2-3"), Spec("MQTT-3.1.2-11"), Spec("MQTT-3.1.2-12"), Spec("MQTT-3.1.2-13")]
    public void Connect_flags_that_contradict_are_malformed(byte flags, string clause)
    {
        foreach (var level in new byte[] { 4, 5 })
        {
            object[] properties = level == 5 ? [None] : [];
            var decoded = Decoded.From(Wire.Packet(
                0x10, ["MQTT", level, flags, 0, 0, .. properties, "id", .. properties, "t", "p"]));
            decoded.Error.Code.ShouldBe(ReasonCode.MalformedPacket);
            decoded.Error.Clause.ShouldBe(clause);
        }
    }

    [Fact, Spec("MQTT3-3.1.2-22")]
    public void Password_without_user_name_is_malformed_in_version_3_only()
    {
        Decoded.From(Wire.Packet(0x10, "MQTT", 4, 0x42, 0, 0, "id", "pw")).Error.Clause.ShouldBe("MQTT-3.1.2-22");
        Decoded.From(Wire.Packet(0x10, "MQTT", 5, 0x42, 0, 0, None, "id", "pw")).IsPacket.ShouldBeTrue();
    }

    [Fact, Spec("MQTT-3.1.4-1")]
    [Spec("MQTT-3.1.2-9"), Spec("MQTT-3.1.2-17"), Spec("MQTT-3.1.2-19"), Spec("MQTT-3.1.3-1"), Spec("MQTT-3.1.3-3")]
    public void Connect_cut_anywhere_or_with_more_behind_it_is_malformed()
    {
        byte[] version3 = Wire.Join("MQTT", 4, 0xEE, 0, 30, "id", "will/t", "bye", "me", "secret");
        byte[] version5 = Wire.Join("MQTT", 5, 0xEE, 0, 30, Wire.Properties(0x11, 0, 0, 0, 1), "id", None, "t", "bye", "me", "pw");
        foreach (var body in new[] { version3, version5 })
        {
            Decoded.From(Wire.Packet(0x10, body)).IsPacket.ShouldBeTrue();
            for (var length = 0; length < body.Length; length++)
            {
                Decoded.From(Wire.Packet(0x10, body[..length])).IsPacket.ShouldBeFalse($"cut at {length}");
            }
            Decoded.From(Wire.Packet(0x10, body, 0)).Error.Code.ShouldBe(ReasonCode.MalformedPacket);
        }
    }

    [Theory]
    [InlineData(0x02)]
    [InlineData(0x06)]
    [InlineData(0x82)]
    [InlineData(0xC2)]
    [InlineData(0xC6)]
    [Spec("MQTT-3.1.2-16"), Spec("MQTT-3.1.2-17"), Spec("MQTT-3.1.2-18"), Spec("MQTT-3.1.2-19"), Spec("MQTT-3.1.2-9")]
    [Spec("MQTT3-3.1.2-18"), Spec("MQTT3-3.1.2-19"), Spec("MQTT3-3.1.2-20"), Spec("MQTT3-3.1.2-21"), Spec("MQTT3-3.1.2-9")]
    public void Fields_and_flags_of_a_connect_go_with_each_other(int flags)
    {
        foreach (var level in new byte[] { 4, 5 })
        {
            object[] properties = level == 5 ? [None] : [];
            object[] will = (flags & 4) != 0 ? [.. properties, "t", "p"] : [];
            object[] user = (flags & 0x80) != 0 ? ["me"] : [];
            object[] password = (flags & 0x40) != 0 ? ["pw"] : [];
            object[] body = ["MQTT", level, flags, 0, 0, .. properties, "id", .. will, .. user, .. password];
            Decoded.From(Wire.Packet(0x10, body)).IsPacket.ShouldBeTrue();
            Decoded.From(Wire.Packet(0x10, [.. body, "more"])).Error.Code.ShouldBe(ReasonCode.MalformedPacket);
            Decoded.From(Wire.Packet(0x10, body[..^1])).Error.Code.ShouldBe(ReasonCode.MalformedPacket);
        }
    }

    [Fact]
    public void Malformed_connect_is_answered_in_version_5_only()
    {
        Decoded.From(Wire.Packet(0x10, "MQTT", 5, 3, 0, 0)).ConnectFailure.AnswerVersion.ShouldBe(MqttVersion.V500);
        Decoded.From(Wire.Packet(0x10, "MQTT", 4, 3, 0, 0)).ConnectFailure.AnswerVersion.ShouldBeNull();
    }

    [Theory, Spec("MQTT-3.3.2-2")]
    [InlineData("a/+")]
    [InlineData("#")]
    [InlineData("")]
    public void Will_topic_must_be_a_topic_name(string topic)
    {
        Decoded.From(Wire.Packet(0x10, "MQTT", 4, 6, 0, 0, "id", topic, "p")).IsPacket.ShouldBeFalse();
    }

    [Fact, Spec("MQTT-3.1.2.11.10")]
    public void Authentication_data_needs_a_method()
    {
        Decoded.From(Wire.Packet(0x10, "MQTT", 5, 2, 0, 0, Wire.Properties(0x16, "d"), "id")).Error.Code
            .ShouldBe(ReasonCode.ProtocolError);
    }

    private static ConnectPacket Parse(byte[] packet)
    {
        var decoded = Decoded.From(packet);
        decoded.Error.ShouldBe(default);
        ConnectPacket.TryParse(packet.AsSpan(2 + (packet.Length > 129 ? 1 : 0)), out var connect, out _).ShouldBeTrue();
        return connect!;
    }
}
