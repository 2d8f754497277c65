using System.Buffers;
using Telemetry.Mqtt;

namespace Telemetry.Tests.Mqtt;

/// <summary>No bytes make the decoder throw; seeded, so that a failure can be played again.</summary>
public sealed class FuzzTests
{
    [Fact]
    public void Random_bytes_never_throw()
    {
        var random = new Random(20_261_121);
        var bytes = new byte[64];
        for (var i = 0; i < 300_000; i++)
        {
            var length = random.Next(bytes.Length + 1);
            random.NextBytes(bytes.AsSpan(0, length));
            if (length > 1 && random.Next(4) != 0)
            {
                // Make it a whole packet, else most would only ask for more.
                bytes[1] = (byte)(length - 2);
            }
            Decode(bytes.AsMemory(0, length), random);
        }
    }

    [Fact]
    public void Damaged_packets_never_throw_and_damage_is_told_from_packets()
    {
        var random = new Random(42);
        byte[][] whole =
        [
            Wire.Packet(0x10, "MQTT", 5, 0xEE, 0, 30, Wire.Properties(0x11, 0, 0, 0, 1, 0x26, "n", "v"), "id",
                Wire.Properties(0x18, 0, 0, 0, 1), "t", "bye", "me", "pw"),
            Wire.Packet(0x10, "MQTT", 4, 0xEE, 0, 30, "id", "t", "bye", "me", "pw"),
            Wire.Packet(0x32, "a/b", 0, 1, Wire.Properties(2, 0, 0, 0, 1, 8, "r", 9, "c", 0x26, "n", "v"), "payload"u8.ToArray()),
            Wire.Packet(0x82, 0, 1, Wire.Properties(0x0B, 5), "a/+", 1, "$share/g/#", 2),
            Wire.Packet(0xA2, 0, 1, Wire.Properties(0x26, "n", "v"), "a", "b"),
            Wire.Packet(0x20, 0, 0, Wire.Properties(0x12, "id", 0x13, 0, 1, 0x24, 1, 0x1A, "i")),
            Wire.Packet(0x40, 0, 1, 0x87, Wire.Properties(0x1F, "why")),
            Wire.Packet(0xE0, 0x81, Wire.Properties(0x1F, "why")),
        ];
        for (var i = 0; i < 200_000; i++)
        {
            var packet = (byte[])whole[i % whole.Length].Clone();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                packet[random.Next(packet.Length)] = (byte)random.Next(256);
            }
            Decode(packet, random);
        }
    }

    [Fact]
    public void Random_filters_and_topics_never_throw()
    {
        var random = new Random(7);
        var bytes = new byte[24];
        byte[] alphabet = [.. "$share/+#/abc\0"u8, 0xED, 0xA0, 0xC3, 0xA9];
        for (var i = 0; i < 200_000; i++)
        {
            var length = random.Next(bytes.Length);
            for (var j = 0; j < length; j++)
            {
                bytes[j] = alphabet[random.Next(alphabet.Length)];
            }
            var name = bytes.AsSpan(0, length);
            if (TopicFilter.TryParse(name, out var filter, out var error))
            {
                filter.Matches("a/b/c"u8);
            }
            else
            {
                error.IsNone.ShouldBeFalse();
            }
            TopicName.IsValid(name).ShouldBe(TopicName.TryCheck(name, out var reason));
            (reason.IsNone == TopicName.IsValid(name)).ShouldBeTrue();
        }
    }

    private static void Decode(ReadOnlyMemory<byte> bytes, Random random)
    {
        var version = random.Next(2) == 0 ? MqttVersion.V311 : MqttVersion.V500;
        var sender = random.Next(2) == 0 ? Sender.Client : Sender.Server;
        var decoded = Decoded.Once(new ReadOnlySequence<byte>(bytes), version, sender, maximum: 10_000);
        // Every answer is one of three: a packet, a wish for more, or a refusal with its clause.
        var refused = !decoded.Error.IsNone;
        refused.ShouldBe(decoded.Status != FrameStatus.NeedMore && decoded.Text.Length == 0);
    }
}
