using Telemetry.Contracts.V1;

namespace Telemetry.Query.Commands;

/// <summary>The newest commands and their fates, as the log tells them. Bounded: the oldest are forgotten.</summary>
internal sealed class CommandBook(int countMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CommandState> _byId = [];
    private readonly Dictionary<string, CommandResult> _early = [];
    private readonly Queue<string> _order = new();

    public void Add(DeviceCommand command) => Find(command);

    /// <summary>The state of a command, noted if it was not known.</summary>
    public CommandState Find(DeviceCommand command)
    {
        lock (_gate)
        {
            if (_byId.TryGetValue(command.CommandId, out var known))
            {
                return known;
            }

            while (_byId.Count >= countMax)
            {
                _byId.Remove(_order.Dequeue());
            }

            var state = new CommandState(command);
            _byId.Add(command.CommandId, state);
            _order.Enqueue(command.CommandId);
            if (_early.Remove(command.CommandId, out var result))
            {
                Apply(state, result);
            }

            return state;
        }
    }

    /// <summary>Notes a result. It may come before its command: they are on two topics.</summary>
    public void Add(CommandResult result)
    {
        lock (_gate)
        {
            if (_byId.TryGetValue(result.CommandId, out var state))
            {
                Apply(state, result);
            }
            else if (_early.Count < countMax)
            {
                _early[result.CommandId] = result;
            }
        }
    }

    public CommandState? Of(string device, string commandId)
    {
        lock (_gate)
        {
            return _byId.TryGetValue(commandId, out var state) && state.Command.Device == device ? state : null;
        }
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<CommandState> Of(string device, int limit)
    {
        lock (_gate)
        {
            return [.. _byId.Values.Where(s => s.Command.Device == device).OrderByDescending(s => s.Command.IssuedAtUs).Take(limit)];
        }
    }

    private static void Apply(CommandState state, CommandResult result)
    {
        switch (result.Status)
        {
            case CommandStatus.Sent:
                state.SentUs ??= result.TimeUs;
                state.Edge ??= result.Edge;
                break;
            case CommandStatus.Answered or CommandStatus.Refused when state.Answer is null:
                state.Edge = result.Edge;
                state.Answer = result;
                state.Answered.TrySetResult();
                break;
            default:
                // A second answer changes nothing: the first counts.
                break;
        }
    }
}
