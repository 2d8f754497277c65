using Telemetry.Contracts.V1;

namespace Telemetry.Query.Commands;

/// <summary>The newest commands and their fates, as the log tells them. Bounded in number and bytes: the oldest are forgotten.</summary>
internal sealed class CommandBook(int countMax, long bytesMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CommandState> _byId = [];
    private readonly Queue<string> _order = new();

    // Results whose command has not been read, by command. Commands and results are on two topics, so a result may be read first. Some
    // wait for a command that will never be read, because it is older than what the log was read from: those must not keep out the others.
    private readonly Dictionary<string, LinkedListNode<EarlyResults>> _early = [];
    private readonly LinkedList<EarlyResults> _earlyOrder = new();
    private long _bytes;
    private long _earlyBytes;

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

            var state = new CommandState(command);
            MakeRoom(state.Bytes);
            _byId.Add(command.CommandId, state);
            _order.Enqueue(command.CommandId);
            _bytes += state.Bytes;
            if (_early.Remove(command.CommandId, out var early))
            {
                _earlyOrder.Remove(early);
                _earlyBytes -= early.Value.Bytes;
                _bytes += early.Value.ApplyTo(state);
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
                _bytes += state.Apply(result);
                return;
            }

            if (!_early.TryGetValue(result.CommandId, out var early))
            {
                early = _earlyOrder.AddLast(new EarlyResults(result.CommandId));
                _early.Add(result.CommandId, early);
            }

            _earlyBytes += early.Value.Add(result);
            while (_earlyOrder.First is { } oldest && oldest != early && (_early.Count > countMax || _earlyBytes > bytesMax))
            {
                _earlyBytes -= oldest.Value.Bytes;
                _early.Remove(oldest.Value.CommandId);
                _earlyOrder.Remove(oldest);
            }
        }
    }

    /// <summary>Forgets a device's commands. A result that comes after it waits for a command that does not come, and goes with the others of that kind.</summary>
    public void Remove(string device)
    {
        lock (_gate)
        {
            foreach (var state in _byId.Values.Where(s => s.Command.Device == device).ToList())
            {
                _byId.Remove(state.Command.CommandId);
                _bytes -= state.Bytes;
            }

            for (var count = _order.Count; count > 0; count--)
            {
                if (_order.Dequeue() is var id && _byId.ContainsKey(id))
                {
                    _order.Enqueue(id);
                }
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

    private void MakeRoom(long bytes)
    {
        while (_order.Count > 0 && (_byId.Count >= countMax || _bytes + bytes > bytesMax))
        {
            if (_byId.Remove(_order.Dequeue(), out var oldest))
            {
                _bytes -= oldest.Bytes;
            }
        }
    }

    /// <summary>The first "sent" and the first answer of a command not read yet: all that counts of its results.</summary>
    private sealed class EarlyResults(string commandId)
    {
        private CommandResult? _sent;
        private CommandResult? _answer;

        public string CommandId => commandId;

        public long Bytes { get; private set; }

        /// <summary>Returns the bytes kept of it.</summary>
        public long Add(CommandResult result)
        {
            ref var place = ref result.Status == CommandStatus.Sent ? ref _sent : ref _answer;
            if (place is not null)
            {
                return 0;
            }

            place = result;
            var bytes = CommandState.BytesOf(result);
            Bytes += bytes;
            return bytes;
        }

        /// <summary>Returns the bytes the state has kept of them.</summary>
        public long ApplyTo(CommandState state) =>
            (_sent is null ? 0 : state.Apply(_sent)) + (_answer is null ? 0 : state.Apply(_answer));
    }
}
