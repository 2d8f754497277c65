using System.Buffers;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Telemetry.Simulator.Devices;

/// <summary>
/// Publishes of one connection that are under way. A slot's number plus one is its Packet Identifier, and each has one packet
/// that is used again and again, so a publish allocates none. Not thread-safe: the link holds the lock.
/// </summary>
internal sealed class PublishSlots
{
    private readonly MqttPublishPacket[] _packets;
    private readonly Slot[] _slots;
    private readonly Stack<ushort> _free;

    public PublishSlots(int count, string topic, MqttQualityOfServiceLevel qos)
    {
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
        _slots[identifier - 1] = new Slot(true, state);
        var packet = _packets[identifier - 1];
        packet.Payload = new ReadOnlySequence<byte>(payload);
        return packet;
    }

    /// <summary>Takes a free slot's Packet Identifier for a packet of the caller's.</summary>
    public ushort Take(ulong state)
    {
        var identifier = _free.Pop();
        _slots[identifier - 1] = new Slot(true, state);
        return identifier;
    }

    /// <summary>Frees a slot; false when nothing is under way with this identifier.</summary>
    public bool TryRelease(ushort identifier, out ulong state)
    {
        state = 0;
        if (identifier == 0 || identifier > _slots.Length || !_slots[identifier - 1].IsTaken)
        {
            return false;
        }

        state = _slots[identifier - 1].State;
        _slots[identifier - 1] = default;
        _packets[identifier - 1].Payload = default;
        _free.Push(identifier);
        return true;
    }

    /// <summary>Frees all.</summary>
    /// <returns>What they were taken with.</returns>
    public List<ulong> ReleaseAll()
    {
        var states = new List<ulong>(Count);
        for (var identifier = 1; identifier <= _slots.Length; identifier++)
        {
            if (TryRelease((ushort)identifier, out var state))
            {
                states.Add(state);
            }
        }

        return states;
    }

    private readonly record struct Slot(bool IsTaken, ulong State);
}
