using Telemetry.Contracts.V1;

namespace Telemetry.Bridge.Commands;

/// <summary>
/// Commands that are neither answered nor expired, with the time of the next try of each. Bounded: beyond
/// <paramref name="countMax"/> the newest are not taken. Used by one thread.
/// Commands and their results are read from two topics, so a result may come first: it is remembered, and its command then not sent.
/// </summary>
internal sealed class PendingCommands(int countMax)
{
    private readonly Dictionary<string, PendingCommand> _byId = [];

    // Results without a command yet, in two generations: when the young one is full the old one is forgotten.
    private HashSet<string> _answered = [];
    private HashSet<string> _answeredBefore = [];
    private readonly PriorityQueue<PendingCommand, long> _due = new();

    /// <summary>Commands not taken for want of room.</summary>
    public long Refused { get; private set; }

    public int Count => _byId.Count;

    /// <summary>Takes a command unless it is known already.</summary>
    public void Add(DeviceCommand command, long nowUs)
    {
        if (_byId.ContainsKey(command.CommandId) || _answered.Contains(command.CommandId) || _answeredBefore.Contains(command.CommandId))
        {
            return;
        }

        if (_byId.Count >= countMax)
        {
            Refused++;
            return;
        }

        var pending = new PendingCommand(command);
        _byId.Add(command.CommandId, pending);
        _due.Enqueue(pending, nowUs);
    }

    /// <summary>The command is answered: no more tries, also when the command itself is read only later.</summary>
    public void Settle(string commandId)
    {
        Drop(commandId);
        if (_answered.Count >= countMax)
        {
            _answeredBefore = _answered;
            _answered = [];
        }

        _answered.Add(commandId);
    }

    /// <summary>No more tries: the command has expired or cannot be delivered.</summary>
    public void Drop(string commandId)
    {
        if (_byId.Remove(commandId, out var pending))
        {
            // Its entry in the queue is dropped when its time comes.
            pending.IsSettled = true;
        }
    }

    /// <summary>No more tries of a device's commands.</summary>
    public void Forget(string device)
    {
        foreach (var id in _byId.Values.Where(p => p.Command.Device == device).Select(p => p.Command.CommandId).ToList())
        {
            Drop(id);
        }
    }

    /// <summary>The next one whose time has come; expired ones are forgotten on the way.</summary>
    public bool TryTakeDue(long nowUs, out PendingCommand pending)
    {
        while (_due.TryPeek(out pending!, out var at) && at <= nowUs)
        {
            _due.Dequeue();
            if (pending.IsSettled)
            {
                continue;
            }

            if (pending.Command.ExpiresAtUs <= nowUs)
            {
                Drop(pending.Command.CommandId);
                continue;
            }

            return true;
        }

        return false;
    }

    /// <summary>Puts a command taken with <see cref="TryTakeDue"/> back for a later try.</summary>
    public void TryAgainAt(PendingCommand pending, long timeUs) =>
        _due.Enqueue(pending, Math.Min(timeUs, pending.Command.ExpiresAtUs));
}

/// <summary>A command that waits for its answer.</summary>
internal sealed class PendingCommand(DeviceCommand command)
{
    public DeviceCommand Command => command;

    public bool IsSettled { get; set; }

    /// <summary>Times it was published here.</summary>
    public int Sent { get; set; }

    /// <summary>Tries in a row that found no subscriber here.</summary>
    public int Misses { get; set; }
}
