using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Chapter 4.13 of MQTT 5.0, 4.8 of 3.1.1: packets against the rules end their connection. Each is sent behind a good CONNECT.</summary>
public sealed class MalformedTests
{
    private const byte T = (byte)'t';

    public static TheoryData<string, byte[], ReasonCode> Five => new()
    {
        { "DISCONNECT flags", [0xE1, 0], ReasonCode.MalformedPacket },
        { "UNSUBSCRIBE flags", [0xA0, 6, 0, 1, 0, 0, 1, T], ReasonCode.MalformedPacket },
        { "AUTH flags", [0xF1, 0], ReasonCode.MalformedPacket },
        { "PINGREQ flags", [0xC2, 0], ReasonCode.MalformedPacket },
        { "AUTH that was not asked for", [0xF0, 2, 0x18, 0], ReasonCode.ProtocolError },
        { "DISCONNECT with the code of another packet", [0xE0, 1, 0x10], ReasonCode.MalformedPacket },
        { "PUBACK with the code of another packet", [0x40, 3, 0, 1, 0x8F], ReasonCode.MalformedPacket },
        { "SUBSCRIBE with identifier 0", [0x82, 7, 0, 0, 0, 0, 1, T, 0], ReasonCode.MalformedPacket },
        { "SUBSCRIBE with reserved option bits", [0x82, 7, 0, 1, 0, 0, 1, T, 0x40], ReasonCode.MalformedPacket },
        { "SUBSCRIBE at QoS 3", [0x82, 7, 0, 1, 0, 0, 1, T, 3], ReasonCode.MalformedPacket },
        { "U+0000 in a filter", [0x82, 7, 0, 1, 0, 0, 1, 0, 0], ReasonCode.MalformedPacket },
        { "U+0000 in a topic", [0x30, 4, 0, 1, 0, 0], ReasonCode.MalformedPacket },
        { "surrogate in a topic", [0x30, 6, 0, 3, 0xED, 0xA0, 0x80, 0], ReasonCode.MalformedPacket },
        { "wildcard in a response topic", [0x30, 8, 0, 1, T, 4, 8, 0, 1, (byte)'#'], ReasonCode.ProtocolError },
        { "property past the end of its block", [0x30, 8, 0, 1, T, 3, 8, 0, 9, T], ReasonCode.MalformedPacket },
        { "PUBLISH without property length", [0x30, 3, 0, 1, T], ReasonCode.MalformedPacket },
    };

    public static TheoryData<string, byte[]> Three => new()
    {
        { "second CONNECT", [0x10, 13, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, (byte)'m'] },
        { "packet type 0", [0x00, 0] },
        { "packet type 15", [0xF0, 0] },
        { "PINGREQ flags", [0xC1, 0] },
        { "PUBREL flags", [0x60, 2, 0, 1] },
        { "SUBSCRIBE flags", [0x80, 6, 0, 1, 0, 1, T, 0] },
        { "UNSUBSCRIBE flags", [0xA0, 5, 0, 1, 0, 1, T] },
        { "DISCONNECT flags", [0xE1, 0] },
        { "DISCONNECT with a body", [0xE0, 1, 0] },
        { "CONNACK from a client", [0x20, 2, 0, 0] },
        { "PINGRESP from a client", [0xD0, 0] },
        { "PUBLISH at QoS 3", [0x36, 5, 0, 1, T, 0, 1] },
        { "PUBLISH with identifier 0", [0x32, 5, 0, 1, T, 0, 0] },
        { "PUBLISH with DUP at QoS 0", [0x38, 3, 0, 1, T] },
        { "PUBLISH without topic", [0x30, 2, 0, 0] },
        { "PUBLISH to a wildcard", [0x30, 3, 0, 1, (byte)'+'] },
        { "SUBSCRIBE with identifier 0", [0x82, 6, 0, 0, 0, 1, T, 0] },
        { "SUBSCRIBE without filter", [0x82, 2, 0, 1] },
        { "SUBSCRIBE at QoS 3", [0x82, 6, 0, 1, 0, 1, T, 3] },
        { "SUBSCRIBE with reserved bits", [0x82, 6, 0, 1, 0, 1, T, 4] },
        { "UNSUBSCRIBE with identifier 0", [0xA2, 5, 0, 0, 0, 1, T] },
        { "UNSUBSCRIBE without filter", [0xA2, 2, 0, 1] },
        { "overlong UTF-8 in a topic", [0x30, 4, 0, 2, 0xC0, 0x80] },
        { "surrogate in a topic", [0x30, 5, 0, 3, 0xED, 0xA0, 0x80] },
        { "U+0000 in a topic", [0x30, 3, 0, 1, 0] },
        { "surrogate in a filter", [0x82, 8, 0, 1, 0, 3, 0xED, 0xBF, 0xBF, 0] },
        { "U+0000 in a filter to unsubscribe", [0xA2, 5, 0, 1, 0, 1, 0] },
        { "Remaining Length of five bytes", [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1] },
    };

    public static TheoryData<string, byte[]> ThreeConnect => new()
    {
        { "surrogate in the client identifier", [2, 0, 0, 0, 3, 0xED, 0xA0, 0x80] },
        { "U+0000 in the client identifier", [2, 0, 0, 0, 1, 0] },
        { "bad UTF-8 in the will topic", [6, 0, 0, 0, 1, T, 0, 1, 0xFF, 0, 0] },
        { "bad UTF-8 in the user name", [0x82, 0, 0, 0, 1, T, 0, 1, 0xFF] },
        { "reserved flag", [3, 0, 0, 0, 1, T] },
        { "Will QoS without will", [0x0A, 0, 0, 0, 1, T] },
        { "Will QoS 3", [0x1E, 0, 0, 0, 1, T, 0, 1, T, 0, 0] },
        { "Will Retain without will", [0x22, 0, 0, 0, 1, T] },
        { "will without its fields", [6, 0, 0, 0, 1, T] },
        { "will fields without will", [2, 0, 0, 0, 1, T, 0, 1, T, 0, 0] },
        { "user name without its field", [0x82, 0, 0, 0, 1, T] },
        { "user name without its flag", [2, 0, 0, 0, 1, T, 0, 1, T] },
        { "password without its field", [0xC2, 0, 0, 0, 1, T, 0, 1, T] },
        { "password without its flag", [0x82, 0, 0, 0, 1, T, 0, 1, T, 0, 1, T] },
        { "password without user name", [0x42, 0, 0, 0, 1, T, 0, 1, T] },
        { "no client identifier", [2, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(Five))]
    [Spec("MQTT-4.13.1-1"), Spec("MQTT-4.13.2-1"), Spec("MQTT-2.1.3-1"), Spec("MQTT-2.2.1-3"), Spec("MQTT-2.2.2-1"), Spec("MQTT-1.5.4-1")]
    [Spec("MQTT-1.5.4-2"), Spec("MQTT-3.3.2-1"), Spec("MQTT-3.3.2-14"), Spec("MQTT-3.8.3-5"), Spec("MQTT-3.10.1-1"), Spec("MQTT-3.14.1-1")]
    [Spec("MQTT-3.14.2-1"), Spec("MQTT-3.15.1-1"), Spec("MQTT-4.7.3-2"), Spec("MQTT-4.12.0-7"), Spec("MQTT-3.4.2-1")]
    public async Task Packet_against_the_rules_of_5_0_is_told_from_others_and_ends_the_connection(string what, byte[] bytes, ReasonCode code)
    {
        what.ShouldNotBeEmpty();
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c");
        await client.SendAsync(bytes);
        await client.ShouldBeClosedAsync(code);
    }

    [Theory]
    [MemberData(nameof(Three))]
    [Spec("MQTT3-4.8.0-1"), Spec("MQTT3-1.5.3-1"), Spec("MQTT3-1.5.3-2"), Spec("MQTT3-2.2.2-1"), Spec("MQTT3-2.2.2-2"), Spec("MQTT3-2.3.1-1")]
    [Spec("MQTT3-3.1.0-2"), Spec("MQTT3-3.3.1-2"), Spec("MQTT3-3.3.1-4"), Spec("MQTT3-3.3.2-1"), Spec("MQTT3-3.3.2-2"), Spec("MQTT3-3.6.1-1")]
    [Spec("MQTT3-3.8.1-1"), Spec("MQTT3-3.8.3-1"), Spec("MQTT3-3.8.3-3"), Spec("MQTT3-3.8.3-4"), Spec("MQTT3-3.10.1-1"), Spec("MQTT3-3.10.3-1")]
    [Spec("MQTT3-3.10.3-2"), Spec("MQTT3-3.14.1-1"), Spec("MQTT3-4.7.1-1"), Spec("MQTT3-4.7.3-1"), Spec("MQTT3-4.7.3-2")]
    public async Task Packet_against_the_rules_of_3_1_1_ends_the_connection_without_a_word(string what, byte[] bytes)
    {
        what.ShouldNotBeEmpty();
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("m", MqttVersion.V311);
        await client.SendAsync(bytes);
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(ThreeConnect))]
    [Spec("MQTT3-3.1.4-1"), Spec("MQTT3-3.2.2-6"), Spec("MQTT3-1.5.3-1"), Spec("MQTT3-1.5.3-2"), Spec("MQTT3-3.1.2-3"), Spec("MQTT3-3.1.2-9")]
    [Spec("MQTT3-3.1.2-11"), Spec("MQTT3-3.1.2-13"), Spec("MQTT3-3.1.2-14"), Spec("MQTT3-3.1.2-15"), Spec("MQTT3-3.1.2-18"), Spec("MQTT3-3.1.2-19")]
    [Spec("MQTT3-3.1.2-20"), Spec("MQTT3-3.1.2-21"), Spec("MQTT3-3.1.2-22"), Spec("MQTT3-3.1.3-1"), Spec("MQTT3-3.1.3-3"), Spec("MQTT3-3.1.3-4")]
    [Spec("MQTT3-3.1.3-10"), Spec("MQTT3-3.1.3-11")]
    public async Task Connect_of_3_1_1_that_has_not_its_form_ends_the_connection_without_a_connack(string what, byte[] behindLevel)
    {
        what.ShouldNotBeEmpty();
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.OpenRawAsync(MqttVersion.V311);
        await client.SendAsync([0x10, (byte)(7 + behindLevel.Length), 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, .. behindLevel]);
        (await client.TryNextAsync()).ShouldBeNull();
        broker.Broker.Sessions.Count.ShouldBe(0);
    }
}
