using System.Buffers;
using System.Text;
using Telemetry.Fuzz.Codec;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.Fuzz.Live;

/// <summary>What one connection sends: a CONNECT, right or mutated, then packets, right or mutated.</summary>
internal sealed class Script
{
    private static readonly IReadOnlyList<byte[]> Packets = Corpus.Read();

    private Script(byte[] bytes, MqttVersion? version)
    {
        Bytes = bytes;
        Version = version;
    }

    public byte[] Bytes { get; }

    /// <summary>What the broker must answer in; null when the CONNECT was mutated and nobody can know.</summary>
    public MqttVersion? Version { get; }

    public static Script Make(Random random)
    {
        var mutator = new Mutator(random);
        var version = random.Next(2) == 0 ? MqttVersion.V311 : MqttVersion.V500;
        var output = new ArrayBufferWriter<byte>();
        var isRight = random.Next(8) != 0;
        if (isRight)
        {
            ClientPackets.Connect(output, Connect(random, version));
        }
        else
        {
            output.Write(mutator.Mutate(Packets[random.Next(7)], Packets[random.Next(Packets.Count)]));
        }

        for (var n = random.Next(20); n > 0; n--)
        {
            if (random.Next(3) == 0)
            {
                output.Write(mutator.Mutate(Packets[random.Next(Packets.Count)], Packets[random.Next(Packets.Count)]));
            }
            else
            {
                Right(output, random, version);
            }
        }

        return new Script(output.WrittenSpan.ToArray(), isRight ? version : null);
    }

    private static ConnectPacket Connect(Random random, MqttVersion version) => new()
    {
        Version = version,
        // Few identifiers, so that sessions are resumed and taken over.
        ClientId = $"fuzz-{random.Next(20)}",
        CleanStart = random.Next(2) == 0,
        KeepAlive = (ushort)random.Next(3),
        Will = random.Next(4) == 0 ? new WillMessage { TopicName = "fuzz/will", Payload = new byte[random.Next(50)], Qos = (MqttQos)random.Next(3) } : null,
        Properties = version == MqttVersion.V311 ? null : new MqttProperties
        {
            SessionExpiryInterval = (uint)random.Next(3),
            ReceiveMaximum = (ushort)random.Next(1, 10),
            TopicAliasMaximum = (ushort)random.Next(5),
            MaximumPacketSize = random.Next(3) == 0 ? (uint)random.Next(1, 500) : null,
        },
    };

    private static void Right(ArrayBufferWriter<byte> output, Random random, MqttVersion version)
    {
        var id = (ushort)random.Next(1, 10);
        switch (random.Next(8))
        {
            case 0 or 1 or 2:
                var qos = (MqttQos)random.Next(3);
                PublishPacket.Write(
                    output,
                    version,
                    Encoding.UTF8.GetBytes($"fuzz/{random.Next(10)}"),
                    default,
                    new byte[random.Next(10) == 0 ? random.Next(5000) : random.Next(50)],
                    new PublishDelivery { Qos = qos, PacketIdentifier = id, Retain = random.Next(8) == 0, Duplicate = random.Next(2) == 0 });
                break;
            case 3:
                string[] filters = ["fuzz/#", "fuzz/+", "#", $"fuzz/{random.Next(10)}", "$share/g/fuzz/#", "a#"];
                var filter = filters[random.Next(filters.Length)];
                var request = new SubscriptionRequest { FilterText = filter, Qos = (MqttQos)random.Next(3) };
                ClientPackets.Subscribe(output, version, new SubscribePacket { PacketIdentifier = id, Requests = [request] });
                break;
            case 4:
                ClientPackets.Unsubscribe(output, version, new UnsubscribePacket { PacketIdentifier = id, Filters = ["fuzz/#"] });
                break;
            case 5:
                output.Write([(byte)0xC0, (byte)0]);
                break;
            case 6:
                MqttPacketType[] acks = [MqttPacketType.PubAck, MqttPacketType.PubRec, MqttPacketType.PubRel, MqttPacketType.PubComp];
                PubAckPacket.Write(output, acks[random.Next(4)], id);
                break;
            default:
                if (random.Next(4) == 0)
                {
                    DisconnectPacket.Write(output, version, ReasonCode.Success);
                }

                break;
        }
    }
}
