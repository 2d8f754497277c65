using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Sessions;

/// <summary>
/// Outbound QoS 1 and 2 messages that are not finished, in the order they were first sent, with their packet identifiers.
/// Not thread-safe: the session's lock guards it.
/// </summary>
internal sealed class InflightWindow
{
    /// <summary>Finished entries tolerated beside as many as there are unfinished ones.</summary>
    private const int CompactionSlack = 32;

    private readonly RingBuffer<Entry> _entries = new();
    private int _live;
    private int _sentHere;
    private int _outstandingHere;
    private ushort _lastIdentifier;

    /// <summary>Unfinished messages.</summary>
    public int Count => _live;

    /// <summary>Unfinished messages that this connection has sent: what counts against its Receive Maximum.</summary>
    public int OutstandingHere => _outstandingHere;

    /// <summary>True when messages of an earlier connection still wait to be sent again.</summary>
    public bool HasResends => _sentHere < _entries.Count;

    /// <summary>A new connection: everything unfinished is to be sent again, in order. [MQTT-4.4.0-1]</summary>
    public void Restart()
    {
        _sentHere = 0;
        _outstandingHere = 0;
    }

    /// <inheritdoc cref="TryResend(int, long, out Delivery)"/>
    public bool TryResend(int quota, out Delivery delivery) => TryResend(quota, long.MaxValue, out delivery);

    /// <summary>
    /// Next unfinished message that this connection has not sent: of an earlier connection, or staged. As far as the quota goes; PUBREL
    /// needs none.
    /// </summary>
    /// <param name="quota">Most messages in flight.</param>
    /// <param name="durable">What is written down up to this version may be sent.</param>
    /// <param name="delivery">What to send.</param>
    public bool TryResend(int quota, long durable, out Delivery delivery)
    {
        while (_sentHere < _entries.Count)
        {
            ref var entry = ref _entries[_sentHere];
            var isPubRel = entry.State == InflightState.AwaitPubComp;
            if (entry.State != InflightState.Done && !isPubRel && _outstandingHere >= quota)
            {
                break;
            }

            if (entry.State != InflightState.Done && entry.SendableAt > durable)
            {
                break;
            }

            _sentHere++;
            if (entry.State == InflightState.Done)
            {
                continue;
            }

            _outstandingHere++;
            delivery = new Delivery(isPubRel, entry.Copy, entry.Identifier, !isPubRel && !entry.Fresh);
            entry = entry with { Fresh = false };
            return true;
        }

        delivery = default;
        return false;
    }

    /// <summary>Puts a new message in flight under a free packet identifier. [MQTT-2.2.1-4]</summary>
    public Delivery Send(in Outgoing copy)
    {
        var identifier = AllocateIdentifier();
        var state = copy.Qos == 1 ? InflightState.AwaitPubAck : InflightState.AwaitPubRec;
        _entries.AddLast(new Entry(copy, identifier, state, 0, false));
        _live++;
        _outstandingHere++;
        _sentHere = _entries.Count;
        return new Delivery(false, copy, identifier, false);
    }

    /// <summary>Gives a new message its packet identifier; <see cref="TryResend(int, long, out Delivery)"/> sends it.</summary>
    /// <param name="copy">The message.</param>
    /// <param name="sendableAt">Version that must be durable before.</param>
    public void Stage(in Outgoing copy, long sendableAt)
    {
        var state = copy.Qos == 1 ? InflightState.AwaitPubAck : InflightState.AwaitPubRec;
        _entries.AddLast(new Entry(copy, AllocateIdentifier(), state, sendableAt, true));
        _live++;
    }

    /// <summary>Puts an identifier back that was in flight before a restart.</summary>
    public void Restore(ushort identifier, InflightState state, in Outgoing copy)
    {
        _entries.AddLast(new Entry(copy, identifier, state, 0, false));
        _live++;
        _lastIdentifier = identifier;
    }

    /// <summary>The message of an identifier that was put back.</summary>
    public void Fill(ushort identifier, in Outgoing copy)
    {
        if (IndexOf(identifier) is >= 0 and var at)
        {
            _entries[at] = _entries[at] with { Copy = copy };
        }
    }

    /// <summary>Frees identifiers that were put back and whose message is gone, except those that only wait for PUBCOMP.</summary>
    public void DropEmpty()
    {
        for (var i = 0; i < _entries.Count; i++)
        {
            ref var entry = ref _entries[i];
            if (entry.Copy.Message is null && entry.State is InflightState.AwaitPubAck or InflightState.AwaitPubRec)
            {
                entry = entry with { State = InflightState.Done };
                _live--;
            }
        }

        Trim();
    }

    /// <summary>The answer to this identifier may be sent when the version is durable.</summary>
    public void Defer(ushort identifier, long sendableAt)
    {
        if (IndexOf(identifier) is >= 0 and var at)
        {
            _entries[at] = _entries[at] with { SendableAt = sendableAt };
        }
    }

    /// <summary>True while the identifier waits for PUBCOMP.</summary>
    public bool IsReleased(ushort identifier) =>
        IndexOf(identifier) is >= 0 and var at && _entries[at].State == InflightState.AwaitPubComp;

    /// <summary>Writes down what is in flight, in order.</summary>
    public void Write(RecordWriter writer)
    {
        for (var i = 0; i < _entries.Count; i++)
        {
            ref var entry = ref _entries[i];
            var origin = entry.Copy.Message?.Origin;
            if (entry.State == InflightState.Done || (origin is null && entry.State != InflightState.AwaitPubComp))
            {
                continue;
            }

            writer.Number(entry.Identifier).Number((ulong)entry.State).Number(origin is null ? 0UL : 1);
            if (origin is not null)
            {
                writer.Number((ulong)origin.Partition).Number(origin.Offset);
            }
        }
    }

    /// <inheritdoc cref="Apply(ushort, InflightInput, out Outgoing)"/>
    public InflightState? Apply(ushort identifier, InflightInput input) => Apply(identifier, input, out _);

    /// <summary>Applies what the subscriber sent.</summary>
    /// <param name="identifier">Packet identifier.</param>
    /// <param name="input">What was sent.</param>
    /// <param name="released">The copy that is not needed any more; without a message when none is.</param>
    /// <returns>The new state; null when no message in flight waits for this.</returns>
    public InflightState? Apply(ushort identifier, InflightInput input, out Outgoing released)
    {
        released = default;
        var at = IndexOf(identifier);
        if (at < 0)
        {
            return null;
        }

        ref var entry = ref _entries[at];
        if (InflightTransitions.Next(entry.State, input) is not { } next)
        {
            return null;
        }

        released = next is InflightState.AwaitPubComp or InflightState.Done ? entry.Copy : default;
        entry = entry with { State = next, Copy = next is InflightState.AwaitPubComp or InflightState.Done ? default : entry.Copy };
        if (next == InflightState.Done)
        {
            Finished(at);
        }

        return next;
    }

    /// <summary>Forgets a message that cannot be sent to this client. [MQTT-3.1.2-25]</summary>
    /// <returns>The copy that is not needed any more; without a message when there is none.</returns>
    public Outgoing Abandon(ushort identifier)
    {
        var at = IndexOf(identifier);
        var released = default(Outgoing);
        if (at >= 0)
        {
            released = _entries[at].Copy;
            _entries[at] = _entries[at] with { State = InflightState.Done, Copy = default };
            Finished(at);
        }

        return released;
    }

    /// <summary>Empties the window.</summary>
    /// <returns>The copies that were held.</returns>
    public List<Outgoing> TakeAll()
    {
        var copies = new List<Outgoing>(_live);
        while (_entries.Count > 0)
        {
            if (_entries.RemoveFirst().Copy is { Message: not null } copy)
            {
                copies.Add(copy);
            }
        }

        (_live, _sentHere, _outstandingHere) = (0, 0, 0);
        return copies;
    }

    /// <summary>The session is over.</summary>
    /// <param name="release">Told each copy that was held.</param>
    public void Clear(Action<Outgoing> release)
    {
        while (_entries.Count > 0)
        {
            release(_entries.RemoveFirst().Copy);
        }

        (_live, _sentHere, _outstandingHere) = (0, 0, 0);
    }

    private void Finished(int at)
    {
        _live--;
        _outstandingHere -= at < _sentHere ? 1 : 0;
        Trim();
    }

    private void Trim()
    {
        if (_entries.Count > (2 * _live) + CompactionSlack)
        {
            Compact();
        }

        while (_entries.Count > 0 && _entries[0].State == InflightState.Done)
        {
            _entries.RemoveFirst();
            _sentHere = Math.Max(0, _sentHere - 1);
        }
    }

    private int IndexOf(ushort identifier)
    {
        for (var i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].Identifier == identifier && _entries[i].State != InflightState.Done)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The next identifier that is not in use, going round.</summary>
    private ushort AllocateIdentifier()
    {
        do
        {
            _lastIdentifier = _lastIdentifier == ushort.MaxValue ? (ushort)1 : (ushort)(_lastIdentifier + 1);
        }
        while (IndexOf(_lastIdentifier) >= 0);
        return _lastIdentifier;
    }

    /// <summary>Takes finished entries out from behind one that is not: a client that never answers it must not make us grow.</summary>
    private void Compact()
    {
        var sent = 0;
        for (int i = 0, count = _entries.Count; i < count; i++)
        {
            var entry = _entries.RemoveFirst();
            if (entry.State != InflightState.Done)
            {
                _entries.AddLast(entry);
                sent += i < _sentHere ? 1 : 0;
            }
        }

        _sentHere = sent;
    }

    /// <param name="Copy">The message; empty once it is not needed any more.</param>
    /// <param name="Identifier">Packet identifier.</param>
    /// <param name="State">Where it stands.</param>
    /// <param name="SendableAt">What must be durable before its next packet goes out.</param>
    /// <param name="Fresh">Never sent.</param>
    private readonly record struct Entry(Outgoing Copy, ushort Identifier, InflightState State, long SendableAt, bool Fresh);
}
