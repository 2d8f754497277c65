using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Sessions;

/// <summary>
/// Packet identifiers of QoS 2 publishes received and not yet released, so that a repeated PUBLISH is taken once
/// [MQTT-4.3.3-10]. While the log is still working on one, a repetition on a later connection waits for the same answer.
/// </summary>
internal sealed class InboundExactlyOnce
{
    private readonly Dictionary<ushort, Entry> _entries = [];

    public int Count
    {
        get
        {
            lock (_entries)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>A PUBLISH has come.</summary>
    /// <param name="identifier">Its packet identifier.</param>
    /// <param name="window">Where its answer is to be put while it waits.</param>
    /// <param name="ticket">The place there.</param>
    /// <param name="pending">True: the answer comes later, through <see cref="Complete"/>.</param>
    public ReceiveResult Receive(ushort identifier, AckWindow window, ulong ticket, bool pending)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(identifier, out var entry))
            {
                _entries.Add(identifier, new Entry(pending, window, ticket, null));
                return ReceiveResult.New;
            }

            if (!entry.Pending)
            {
                return ReceiveResult.RepeatedDone;
            }

            if (ReferenceEquals(entry.Window, window))
            {
                return ReceiveResult.RepeatedHere;
            }

            _entries[identifier] = entry with { Window = window, Ticket = ticket };
            return ReceiveResult.RepeatedPending;
        }
    }

    /// <summary>True when a PUBLISH with this identifier was received and not released.</summary>
    public bool Contains(ushort identifier)
    {
        lock (_entries)
        {
            return _entries.ContainsKey(identifier);
        }
    }

    /// <summary>The log has answered.</summary>
    /// <param name="identifier">Packet identifier.</param>
    /// <param name="keep">False: the identifier is free again (refused, or to be taken anew).</param>
    /// <param name="ticket">Place of the answer.</param>
    /// <param name="origin">Its record, when that tells of the identifier after a restart.</param>
    /// <returns>Where the answer goes now.</returns>
    public AckWindow? Complete(ushort identifier, bool keep, out ulong ticket, MessageOrigin? origin = null)
    {
        lock (_entries)
        {
            ticket = 0;
            if (!_entries.TryGetValue(identifier, out var entry) || !entry.Pending)
            {
                return null;
            }

            ticket = entry.Ticket;
            if (keep)
            {
                _entries[identifier] = entry with { Pending = false, Window = null, Origin = origin };
                origin?.Hold();
            }
            else
            {
                _entries.Remove(identifier);
            }

            return entry.Window;
        }
    }

    /// <summary>Takes back a <see cref="Receive"/> that was not acted on.</summary>
    public void Undo(ushort identifier)
    {
        lock (_entries)
        {
            _entries.Remove(identifier);
        }
    }

    /// <inheritdoc cref="Release(ushort, out MessageOrigin)"/>
    public bool Release(ushort identifier) => Release(identifier, out _);

    /// <summary>PUBREL: the identifier is free again.</summary>
    /// <param name="identifier">Packet identifier.</param>
    /// <param name="origin">The record that tells of it after a restart: its release has to be written down, and the record let go then.</param>
    /// <returns>False when it was not known, or is not answered yet.</returns>
    public bool Release(ushort identifier, out MessageOrigin? origin)
    {
        lock (_entries)
        {
            var released = _entries.TryGetValue(identifier, out var entry) && !entry.Pending && _entries.Remove(identifier);
            origin = released ? entry.Origin : null;
            return released;
        }
    }

    /// <summary>After a restart: an identifier that was taken and not released.</summary>
    public void Restore(ushort identifier, MessageOrigin origin)
    {
        lock (_entries)
        {
            origin.Hold();
            _entries[identifier] = new Entry(false, null, 0, origin);
        }
    }

    /// <summary>The session comes from another node: identifiers are those that the log knows.</summary>
    public void Reset(IReadOnlyDictionary<ushort, MessageOrigin> taken)
    {
        Clear();
        foreach (var (identifier, origin) in taken)
        {
            Restore(identifier, origin);
        }
    }

    /// <summary>The session is over.</summary>
    public void Clear()
    {
        lock (_entries)
        {
            foreach (var entry in _entries.Values)
            {
                entry.Origin?.Finish();
            }

            _entries.Clear();
        }
    }

    private readonly record struct Entry(bool Pending, AckWindow? Window, ulong Ticket, MessageOrigin? Origin);
}

/// <summary>What a QoS 2 PUBLISH is.</summary>
internal enum ReceiveResult
{
    /// <summary>Seen for the first time: take it.</summary>
    New,

    /// <summary>Taken before: answer PUBREC again.</summary>
    RepeatedDone,

    /// <summary>Still being taken for an earlier connection: its answer will come to the place given.</summary>
    RepeatedPending,

    /// <summary>Still being taken on this connection: the first one's answer will do.</summary>
    RepeatedHere,
}
