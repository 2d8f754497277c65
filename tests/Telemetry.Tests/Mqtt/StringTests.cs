using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.Tests.Mqtt;

/// <summary>Each kind of broken string in each place a string can stand.</summary>
public sealed class StringTests
{
    private static readonly (string What, byte[] Bytes)[] Broken =
    [
        ("lone high surrogate", [0xED, 0xA0, 0x80]),
        ("lone low surrogate", [0xED, 0xBF, 0xBF]),
        ("surrogate pair (CESU-8)", [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80]),
        ("overlong slash", [0xC0, 0xAF]),
        ("overlong U+0000", [0xC0, 0x80]),
        ("overlong of three bytes", [0xE0, 0x80, 0xAF]),
        ("cut sequence", [0x61, 0xE2, 0x82]),
        ("lone continuation", [0x80]),
        ("above U+10FFFF", [0xF4, 0x90, 0x80, 0x80]),
        ("byte FF", [0xFF]),
        ("U+0000", [0x61, 0x00, 0x62]),
    ];

    // A BOM, letters composed and decomposed, a supplementary character, a non-character: all are strings.
    private static readonly string[] Right = ["\uFEFF", "\uFEFFa", "a\u030A", "\u00C5", "\U0001F600", "\uFFFF", "\u0001"];

    public static TheoryData<string> Places =>
        ["client id", "user name", "will topic", "topic", "response topic", "content type", "subscribe filter",
            "unsubscribe filter", "user property name", "user property value", "reason string", "authentication method",
            "will content type"];

    [Theory, MemberData(nameof(Places)), Spec("MQTT-1.5.4-1"), Spec("MQTT-1.5.4-2"), Spec("MQTT-1.5.7-1"), Spec("MQTT-4.7.3-2"),
        Spec("MQTT-3.1.3-4"), Spec("MQTT-3.1.3-11"), Spec("MQTT-3.1.3-12"), Spec("MQTT-3.3.2-1"), Spec("MQTT-3.3.2-13"),
        Spec("MQTT-3.3.2-19"), Spec("MQTT-3.8.3-1"), Spec("MQTT-3.10.3-1")]
    public void String_that_is_not_well_formed_is_refused(string place)
    {
        foreach (var (what, bytes) in Broken)
        {
            var decoded = Decoded.From(PacketWith(place, bytes));
            decoded.IsPacket.ShouldBeFalse($"{what} as {place}");
            decoded.Error.Code.ShouldBe(ReasonCode.MalformedPacket, $"{what} as {place}");
        }
    }

    [Theory, MemberData(nameof(Places)), Spec("MQTT-1.5.4-3"), Spec("MQTT-4.7.3-4")]
    public void Byte_order_mark_and_unusual_letters_are_kept(string place)
    {
        foreach (var text in Right)
        {
            var decoded = Decoded.From(PacketWith(place, System.Text.Encoding.UTF8.GetBytes(text)));
            decoded.Error.ShouldBe(default, place);
            if (place != "reason string")
            {
                var shown = decoded.Text.Contains(text, StringComparison.Ordinal)
                    || decoded.Text.Contains(
                        Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(text)), StringComparison.Ordinal);
                shown.ShouldBeTrue($"{place}: {decoded.Text}");
            }
        }
    }

    private static byte[] PacketWith(string place, byte[] bytes)
    {
        var s = Wire.Text(bytes);
        byte[] none = Wire.Properties();
        return place switch
        {
            "client id" => Wire.Packet(0x10, "MQTT", 5, 2, 0, 0, none, s),
            "user name" => Wire.Packet(0x10, "MQTT", 5, 0x82, 0, 0, none, "id", s),
            "will topic" => Wire.Packet(0x10, "MQTT", 5, 6, 0, 0, none, "id", none, s, "p"),
            "will content type" => Wire.Packet(0x10, "MQTT", 5, 6, 0, 0, none, "id", Wire.Properties(3, s), "t", "p"),
            "authentication method" => Wire.Packet(0x10, "MQTT", 5, 2, 0, 0, Wire.Properties(0x15, s), "id"),
            "topic" => Wire.Packet(0x30, s, none),
            "response topic" => Wire.Packet(0x30, "t", Wire.Properties(8, s)),
            "content type" => Wire.Packet(0x30, "t", Wire.Properties(3, s)),
            "user property name" => Wire.Packet(0x30, "t", Wire.Properties(0x26, s, "v")),
            "user property value" => Wire.Packet(0x30, "t", Wire.Properties(0x26, "n", s)),
            "subscribe filter" => Wire.Packet(0x82, 0, 1, none, s, 0),
            "unsubscribe filter" => Wire.Packet(0xA2, 0, 1, none, s),
            "reason string" => Wire.Packet(0x40, 0, 1, 0, Wire.Properties(0x1F, s)),
            _ => throw new ArgumentException(place),
        };
    }
}
