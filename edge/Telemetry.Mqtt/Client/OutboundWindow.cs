using System.Buffers;

namespace Telemetry.Mqtt.Client;

/// <summary>
/// Our publishes of QoS 1 and 2 that are under way. A slot's number plus one is its Packet Identifier, so finding one is an
/// index; the array grows only as far as it is used. Not thread-safe: its client holds the lock.
/// </summary>
/// <remarks>
/// QoS 1: AwaitingPubAck, gone. QoS 2: AwaitingPubRec, AwaitingPubComp, gone; a PUBREC that refuses ends it at once
/// [MQTT-4.3.3-9].
/// </remarks>
internal sealed class OutboundWindow(int capacity)
{
    private const int SmallestSize = 4;

    private readonly int _capacity = capacity;
    private Slot[] _slots = [];
    private int[] _free = [];
    private int _freeCount;
    private long _lastSequence;
    private Queue<ushort>? _toResend;

    public enum Stage : byte
    {
        Free,
        AwaitingPubAck,
        AwaitingPubRec,
        AwaitingPubComp,
    }

    /// <summary>Publishes under way.</summary>
    public int Count { get; private set; }

    /// <summary>Slots that could be used at most.</summary>
    public int Capacity => _capacity;

    /// <summary>Those that wait to be written again after a resume.</summary>
    public int WaitingToResend => _toResend?.Count ?? 0;

    private int OnTheWire => Count - WaitingToResend;

    /// <summary>Takes a slot; false when all are in use.</summary>
    public bool TryTake(MqttQos qos, IPublishCompletion? completion, ulong state, out ushort packetIdentifier)
    {
        packetIdentifier = 0;
        if (_freeCount == 0 && !TryGrow())
        {
            return false;
        }
        var index = _free[--_freeCount];
        _slots[index] = new Slot
        {
            Stage = qos == MqttQos.ExactlyOnce ? Stage.AwaitingPubRec : Stage.AwaitingPubAck,
            Completion = completion,
            State = state,
            Sequence = ++_lastSequence,
        };
        Count++;
        packetIdentifier = (ushort)(index + 1);
        return true;
    }

    /// <summary>Keeps a copy of the packet, to send it again.</summary>
    public void Keep(ushort packetIdentifier, ReadOnlySpan<byte> packet)
    {
        var copy = ArrayPool<byte>.Shared.Rent(packet.Length);
        packet.CopyTo(copy);
        _slots[packetIdentifier - 1].Packet = new ArraySegment<byte>(copy, 0, packet.Length);
    }

    /// <summary>Stage of an identifier; <see cref="Stage.Free"/> when it is not in use.</summary>
    public Stage StageOf(ushort packetIdentifier) =>
        packetIdentifier - 1 < _slots.Length ? _slots[packetIdentifier - 1].Stage : Stage.Free;

    /// <summary>PUBREC came: the packet itself is never sent again [MQTT-4.3.3-6].</summary>
    public void Received(ushort packetIdentifier)
    {
        ref var slot = ref _slots[packetIdentifier - 1];
        ReturnPacket(ref slot);
        slot.Stage = Stage.AwaitingPubComp;
    }

    /// <summary>Ends one and frees its identifier.</summary>
    public Completion Release(ushort packetIdentifier)
    {
        var index = packetIdentifier - 1;
        ref var slot = ref _slots[index];
        var completion = new Completion(slot.Completion, slot.State);
        ReturnPacket(ref slot);
        slot = default;
        _free[_freeCount++] = index;
        Count--;
        return completion;
    }

    /// <summary>Ends all, in the order they were sent.</summary>
    public List<Completion> ReleaseAll()
    {
        AbandonResume();
        var completions = new List<Completion>(Count);
        foreach (var identifier in InOrder())
        {
            completions.Add(Release(identifier));
        }
        return completions;
    }

    /// <summary>
    /// A resumed session begins: all that is under way waits to be written again, in the order it was sent
    /// [MQTT-4.6.0-1].
    /// </summary>
    public void BeginResume() => _toResend = new Queue<ushort>(InOrder());

    /// <summary>The connection ended: nothing waits to be written again on it.</summary>
    public void AbandonResume() => _toResend = null;

    /// <summary>Writes what waits, PUBLISH with DUP or PUBREL, while fewer than <paramref name="limit"/> are on the wire.</summary>
    public void WriteAgain(IBufferWriter<byte> output, int limit)
    {
        while (OnTheWire < limit && _toResend is { Count: > 0 } waiting)
        {
            var identifier = waiting.Dequeue();
            ref var slot = ref _slots[identifier - 1];
            if (slot.Stage == Stage.AwaitingPubComp)
            {
                PubAckPacket.Write(output, MqttPacketType.PubRel, identifier);
                continue;
            }
            var packet = slot.Packet.AsSpan();
            packet[0] |= 0x08;
            output.Write(packet);
        }
    }

    private List<ushort> InOrder()
    {
        var identifiers = new List<ushort>(Count);
        for (var i = 0; i < _slots.Length; i++)
        {
            if (_slots[i].Stage != Stage.Free)
            {
                identifiers.Add((ushort)(i + 1));
            }
        }
        identifiers.Sort((a, b) => _slots[a - 1].Sequence.CompareTo(_slots[b - 1].Sequence));
        return identifiers;
    }

    private bool TryGrow()
    {
        var size = _slots.Length;
        if (size == _capacity)
        {
            return false;
        }
        var newSize = Math.Min(_capacity, Math.Max(SmallestSize, size * 2));
        Array.Resize(ref _slots, newSize);
        Array.Resize(ref _free, newSize);
        for (var i = newSize - 1; i >= size; i--)
        {
            _free[_freeCount++] = i;
        }
        return true;
    }

    private static void ReturnPacket(ref Slot slot)
    {
        if (slot.Packet.Array is { } array)
        {
            slot.Packet = default;
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    /// <summary>Whom to tell.</summary>
    public readonly record struct Completion(IPublishCompletion? Target, ulong State)
    {
        public void Tell(PublishOutcome outcome, ReasonCode code) =>
            Target?.Published(new PublishResult(outcome, code), State);
    }

    private struct Slot
    {
        public IPublishCompletion? Completion;
        public ulong State;
        public long Sequence;
        public ArraySegment<byte> Packet;
        public Stage Stage;
    }
}
