using System.Buffers;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Telemetry.Simulator.Devices;

/// <summary>Which answer a publish waits for.</summary>
internal enum PublishStage : byte
{
    /// <summary>The identifier is free.</summary>
    None,

    /// <summary>QoS 1: PUBACK.</summary>
    Acknowledge,

    /// <summary>QoS 2: PUBREC.</summary>
    Received,

    /// <summary>QoS 2, after PUBREL: PUBCOMP.</summary>
    Complete,
}

/// <summary>
/// Publishes of one connection that are under way. A slot's number plus one is its Packet Identifier, and each has one packet
/// that is used again and again, so a publish allocates none. Not thread-safe: the link holds the lock.
/// </summary>
internal sealed class PublishSlots
{
    private readonly MqttPublishPacket[] _packets;
    private readonly Slot[] _slots;
    private readonly Stack<ushort> _free;
    private readonly PublishStage _first;

    public PublishSlots(int count, string topic, MqttQualityOfServiceLevel qos)
    {
        _first = qos == MqttQualityOfServiceLevel.ExactlyOnce ? PublishStage.Received : PublishStage.Acknowledge;
        _slots = new Slot[count];
        _free = new Stack<ushort>(count);
        _packets = [.. Enumerable.Range(1, count).Select(i => new MqttPublishPacket
        {
            Topic = topic,
            QualityOfServiceLevel = qos,
            PacketIdentifier = (ushort)i,
        })];
        for (var identifier = count; identifier > 0; identifier--)
        {
            _free.Push((ushort)identifier);
        }
    }

    /// <summary>Publishes under way.</summary>
    public int Count => _slots.Length - _free.Count;

    /// <summary>Takes a free slot; the caller knows that there is one.</summary>
    /// <returns>Its packet with the payload in it, to be sent.</returns>
    public MqttPublishPacket Take(ReadOnlyMemory<byte> payload, ulong state)
    {
        var identifier = _free.Pop();
        _slots[identifier - 1] = new Slot(_first, state);
        var packet = _packets[identifier - 1];
        packet.Payload = new ReadOnlySequence<byte>(payload);
        return packet;
    }

    /// <summary>Takes a free slot's Packet Identifier for a packet of the caller's, at QoS 1.</summary>
    public ushort Take(ulong state)
    {
        var identifier = _free.Pop();
        _slots[identifier - 1] = new Slot(PublishStage.Acknowledge, state);
        return identifier;
    }

    /// <summary>Which answer the publish with this identifier waits for.</summary>
    public PublishStage StageOf(ushort identifier) =>
        identifier == 0 || identifier > _slots.Length ? PublishStage.None : _slots[identifier - 1].Stage;

    /// <summary>From <see cref="PublishStage.Received"/> to <see cref="PublishStage.Complete"/>.</summary>
    public void Received(ushort identifier) => _slots[identifier - 1] = _slots[identifier - 1] with { Stage = PublishStage.Complete };

    /// <summary>Frees a slot that is taken.</summary>
    /// <returns>What it was taken with.</returns>
    public ulong Release(ushort identifier)
    {
        var state = _slots[identifier - 1].State;
        _slots[identifier - 1] = default;
        _packets[identifier - 1].Payload = default;
        _free.Push(identifier);
        return state;
    }

    /// <summary>Frees all.</summary>
    /// <returns>What they were taken with.</returns>
    public List<ulong> ReleaseAll()
    {
        var states = new List<ulong>(Count);
        for (var identifier = 1; identifier <= _slots.Length; identifier++)
        {
            if (StageOf((ushort)identifier) != PublishStage.None)
            {
                states.Add(Release((ushort)identifier));
            }
        }

        return states;
    }

    private readonly record struct Slot(PublishStage Stage, ulong State);
}
