using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.Tests.Mqtt;

/// <summary>Every property in every packet, against a second reading of MQTT 5.0 table 2-4.</summary>
public sealed class PropertyTests
{
    private static readonly byte[] None = Wire.Properties();

    // Identifier, a right value, and the packets that may have it (w: the will).
    private static readonly (byte Id, object[] Value, string Owners)[] Table =
    [
        (0x01, [1], "publish w"),
        (0x02, [0, 0, 0, 1], "publish w"),
        (0x03, ["x"], "publish w"),
        (0x08, ["x"], "publish w"),
        (0x09, ["x"], "publish w"),
        (0x0B, [1], "publish subscribe"),
        (0x11, [0, 0, 0, 1], "connect connack disconnect"),
        (0x12, ["x"], "connack"),
        (0x13, [0, 1], "connack"),
        (0x15, ["x"], "connect connack"),
        (0x17, [1], "connect"),
        (0x18, [0, 0, 0, 1], "w"),
        (0x19, [1], "connect"),
        (0x1A, ["x"], "connack"),
        (0x1C, ["x"], "connack disconnect"),
        (0x1F, ["x"], "connack puback pubrec pubrel pubcomp suback unsuback disconnect"),
        (0x21, [0, 1], "connect connack"),
        (0x22, [0, 1], "connect connack"),
        (0x23, [0, 1], "publish"),
        (0x24, [1], "connack"),
        (0x25, [1], "connack"),
        (0x26, ["n", "v"], "connect connack publish w puback pubrec pubrel pubcomp subscribe suback unsubscribe unsuback disconnect"),
        (0x27, [0, 0, 0, 1], "connect connack"),
        (0x28, [1], "connack"),
        (0x29, [1], "connack"),
        (0x2A, [1], "connack"),
    ];

    public static TheoryData<string> Owners => [.. Table[21].Owners.Split(' ')];

    [Theory, MemberData(nameof(Owners)), Spec("MQTT-2.2.2.2")]
    public void Property_is_taken_once_in_its_packets_and_nowhere_else(string owner)
    {
        for (var id = 0; id <= 255; id++)
        {
            var row = Table.FirstOrDefault(r => r.Id == id && id != 0);
            object[] one = row.Owners is null ? [id, 0, 0, 0, 0] : [row.Id, .. row.Value];
            if (id == 0x16)
            {
                one = [0x16, "x"];
            }
            var allowed = id == 0x16
                ? owner is "connect" or "connack"
                : row.Owners?.Split(' ').Contains(owner) == true;
            object[] method = id == 0x16 ? [0x15, "m"] : [];
            var once = Decoded.From(PacketWith(owner, Wire.Properties([.. method, .. one])), sender: SenderOf(owner));
            if (!allowed)
            {
                once.Error.Code.ShouldBe(ReasonCode.MalformedPacket, $"property 0x{id:X2} in {owner}");
                continue;
            }
            once.Error.ShouldBe(default, $"property 0x{id:X2} in {owner}");
            var twice = Decoded.From(PacketWith(owner, Wire.Properties([.. method, .. one, .. one])), sender: SenderOf(owner));
            var repeatable = id == 0x26 || (id == 0x0B && owner == "publish");
            twice.Error.Code.ShouldBe(repeatable ? ReasonCode.Success : ReasonCode.ProtocolError, $"0x{id:X2} twice in {owner}");
        }
    }

    [Theory, MemberData(nameof(Owners)), Spec("MQTT-2.2.2.1")]
    public void Property_length_past_the_end_and_cut_values_are_malformed(string owner)
    {
        Decoded.From(PacketWith(owner, [0x7F]), sender: SenderOf(owner)).IsPacket.ShouldBeFalse();
        byte[] block = Wire.Join(0x26, "name", "value");
        for (var length = 1; length < block.Length; length++)
        {
            var decoded = Decoded.From(PacketWith(owner, Wire.Properties(block[..length])), sender: SenderOf(owner));
            decoded.Error.Code.ShouldBe(ReasonCode.MalformedPacket, $"cut at {length}");
        }
    }

    [Theory]
    [InlineData("connect", new byte[] { 0x21, 0, 0 })]
    [InlineData("connack", new byte[] { 0x21, 0, 0 })]
    [InlineData("connect", new byte[] { 0x27, 0, 0, 0, 0 })]
    [InlineData("subscribe", new byte[] { 0x0B, 0 })]
    [InlineData("connect", new byte[] { 0x17, 2 })]
    [InlineData("connect", new byte[] { 0x19, 2 })]
    [InlineData("publish", new byte[] { 0x01, 2 })]
    [InlineData("connack", new byte[] { 0x24, 2 })]
    [InlineData("connack", new byte[] { 0x25, 2 })]
    [InlineData("connack", new byte[] { 0x28, 2 })]
    [InlineData("connack", new byte[] { 0x29, 2 })]
    [InlineData("connack", new byte[] { 0x2A, 2 })]
    [Spec("MQTT-3.1.2.11.3"), Spec("MQTT-3.1.2.11.4"), Spec("MQTT-3.8.2.1.2")]
    public void Value_outside_its_range_is_a_protocol_error(string owner, byte[] block)
    {
        Decoded.From(PacketWith(owner, Wire.Properties(block)), sender: SenderOf(owner)).Error.Code.ShouldBe(ReasonCode.ProtocolError);
    }

    [Fact, Spec("MQTT-1.5.5-1")]
    public void Subscription_identifier_reaches_268435455_and_no_further()
    {
        SubscribePacket.TryParse(
            Wire.Join(0, 1, Wire.Properties(0x0B, 0xFF, 0xFF, 0xFF, 0x7F), "t", 0), MqttVersion.V500, out var packet, out _).ShouldBeTrue();
        packet!.Properties!.SubscriptionIdentifier.ShouldBe(268_435_455u);
        Decoded.From(PacketWith("subscribe", Wire.Properties(0x0B, 0xFF, 0xFF, 0xFF, 0xFF, 0x01))).Error.Code
            .ShouldBe(ReasonCode.MalformedPacket);
        Decoded.From(PacketWith("subscribe", Wire.Properties(0x0B, 0x81, 0x00))).Error.Code
            .ShouldBe(ReasonCode.MalformedPacket);
    }

    [Fact]
    public void User_properties_keep_their_order_and_repeats()
    {
        MqttProperties.TryParse(
            Wire.Join(0x26, "b", "1", 0x1F, "why", 0x26, "a", "2", 0x26, "b", "1"), MqttPropertyOwner.PubAck, out var properties, out _)
            .ShouldBeTrue();
        properties!.HasUserProperties.ShouldBeTrue();
        properties.ReasonString.ShouldBe("why");
        properties.UserProperties.ShouldBe([new("b", "1"), new("a", "2"), new("b", "1")]);
    }

    private static Sender SenderOf(string owner) =>
        owner is "connack" or "publish" or "suback" or "unsuback" ? Sender.Server : Sender.Client;

    private static byte[] PacketWith(string owner, byte[] properties) => owner switch
    {
        "connect" => Wire.Packet(0x10, "MQTT", 5, 2, 0, 0, properties, "id"),
        "w" => Wire.Packet(0x10, "MQTT", 5, 6, 0, 0, None, "id", properties, "t", "p"),
        "connack" => Wire.Packet(0x20, 0, 0, properties),
        "publish" => Wire.Packet(0x30, "t", properties),
        "puback" => Wire.Packet(0x40, 0, 1, 0, properties),
        "pubrec" => Wire.Packet(0x50, 0, 1, 0, properties),
        "pubrel" => Wire.Packet(0x62, 0, 1, 0, properties),
        "pubcomp" => Wire.Packet(0x70, 0, 1, 0, properties),
        "subscribe" => Wire.Packet(0x82, 0, 1, properties, "t", 0),
        "suback" => Wire.Packet(0x90, 0, 1, properties, 0),
        "unsubscribe" => Wire.Packet(0xA2, 0, 1, properties, "t"),
        "unsuback" => Wire.Packet(0xB0, 0, 1, properties, 0),
        "disconnect" => Wire.Packet(0xE0, 0, properties),
        _ => throw new ArgumentException(owner),
    };
}
