namespace Telemetry.Edge.Connections;

/// <summary>
/// QoS 2 publishes that count against our Receive Maximum: those sent on this connection and not finished. The quota begins anew
/// with each connection (MQTT 5.0 section 4.9): an identifier that is kept from an earlier one counts from its PUBLISH here on, and a PUBREL
/// for one that was not published here gives nothing back. Thread-safe: the log's answers give back too.
/// </summary>
internal sealed class ReceiveQuota
{
    private readonly Lock _gate = new();
    private HashSet<ushort>? _taken;

    /// <summary>How many count now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _taken?.Count ?? 0;
            }
        }
    }

    public bool Contains(ushort identifier)
    {
        lock (_gate)
        {
            return _taken?.Contains(identifier) ?? false;
        }
    }

    /// <summary>A PUBLISH came; a repeated one counts once.</summary>
    public void Take(ushort identifier)
    {
        lock (_gate)
        {
            (_taken ??= []).Add(identifier);
        }
    }

    /// <summary>It is finished, or refused.</summary>
    public void Return(ushort identifier)
    {
        lock (_gate)
        {
            _taken?.Remove(identifier);
        }
    }
}
