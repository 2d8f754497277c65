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
                _entries.Add(identifier, new Entry(pending, window, ticket));
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
    /// <returns>Where the answer goes now.</returns>
    public AckWindow? Complete(ushort identifier, bool keep, out ulong ticket)
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
                _entries[identifier] = entry with { Pending = false, Window = null };
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

    /// <summary>PUBREL: the identifier is free again.</summary>
    /// <returns>False when it was not known, or is not answered yet.</returns>
    public bool Release(ushort identifier)
    {
        lock (_entries)
        {
            return _entries.TryGetValue(identifier, out var entry) && !entry.Pending && _entries.Remove(identifier);
        }
    }

    private readonly record struct Entry(bool Pending, AckWindow? Window, ulong Ticket);
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
