using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Sessions;

/// <summary>What a session has that survives the process: its mark on the log, and what is being written down. The session's lock guards it.</summary>
/// <param name="store">Where it is kept.</param>
/// <param name="incarnation">Tells it from former and later sessions of the same client: records of others are not its own.</param>
internal sealed class SessionKeep(ISessionStore store, ulong incarnation)
{
    private long _durable;
    private bool _writing;
    private int _listed;

    public ISessionStore Store { get; } = store;

    public ulong Incarnation { get; } = incarnation;

    /// <summary>Of the claim that counts; 0 where one node has the log alone.</summary>
    public ulong Epoch { get; set; }

    /// <summary>The node that has the session; a node that has it not keeps up with it, to take it over.</summary>
    public string Node { get; set; } = "";

    /// <summary>True when this node has it.</summary>
    public bool IsHere { get; set; } = true;

    /// <summary>QoS 2 identifiers of its publishes that were taken and not released, as the log has them.</summary>
    public Dictionary<ushort, MessageOrigin> Taken { get; } = [];

    /// <summary>Newest epoch seen in its publishes.</summary>
    public ulong PublishEpoch { get; set; }

    /// <summary>When its connection ended, in milliseconds since 1970; 0 while it is connected.</summary>
    public long DisconnectedAtMs { get; set; }

    /// <summary>Puts it on the list of those with something to write.</summary>
    /// <returns>False when it is there already.</returns>
    public bool TryList() => Interlocked.Exchange(ref _listed, 1) == 0;

    /// <summary>Taken from the list.</summary>
    public void Unlist() => Volatile.Write(ref _listed, 0);

    /// <summary>What has to be written, as far as it is not being written.</summary>
    public ProgressNeed NeedOf(Outbox outbox) => _writing || outbox.Version == _durable ? ProgressNeed.None
        : outbox.AwaitedVersion > _durable ? ProgressNeed.Now
        : ProgressNeed.Soon;

    /// <summary>One record at a time.</summary>
    public bool TryBegin(long version)
    {
        if (_writing || version == _durable)
        {
            return false;
        }

        return _writing = true;
    }

    /// <summary>The log has answered.</summary>
    public void Ended(long version)
    {
        _writing = false;
        _durable = Math.Max(_durable, version);
    }
}

/// <summary>How urgently a session's progress is to be written down.</summary>
internal enum ProgressNeed
{
    None,

    /// <summary>Within a moment: a crash before costs a second copy at QoS 1, nothing else.</summary>
    Soon,

    /// <summary>A packet waits for it.</summary>
    Now,
}
