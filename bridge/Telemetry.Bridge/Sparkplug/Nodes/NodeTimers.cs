using Telemetry.Streams.State;

namespace Telemetry.Bridge.Sparkplug.Nodes;

/// <summary>
/// What falls due on nodes as the partition's time goes on. Time is that of the records, so every run fires at the same record; a quiet
/// partition gets a tick from its owner. Entries of the queue that no longer count are passed over.
/// </summary>
internal sealed class NodeTimers
{
    private readonly PriorityQueue<KeySlot<NodeState>, (long DueMs, long LastOffset)> _queue = new();

    /// <summary>When the next thing falls due; null: nothing waits.</summary>
    public long? NextMs
    {
        get
        {
            while (_queue.TryPeek(out var slot, out var due))
            {
                if (slot.State is { } state && state.QueuedMs == due.DueMs && state.DueMs == due.DueMs)
                {
                    return due.DueMs;
                }

                _queue.Dequeue();
                if (slot.State is { } changed && changed.QueuedMs == due.DueMs)
                {
                    changed.QueuedMs = 0;
                    Schedule(slot, changed);
                }
            }

            return null;
        }
    }

    /// <summary>Makes sure that the node is waited for. Cheap when it already is, or when nothing is due.</summary>
    public void Schedule(KeySlot<NodeState> slot, NodeState state)
    {
        var due = state.DueMs;
        if (due != long.MaxValue && due != state.QueuedMs)
        {
            state.QueuedMs = due;
            _queue.Enqueue(slot, (due, slot.LastOffset));
        }
    }

    /// <summary>The next node of which something is due; schedule it again afterwards.</summary>
    public bool TryTake(long nowMs, out KeySlot<NodeState> slot, out NodeState state)
    {
        slot = null!;
        state = null!;
        if (NextMs is not { } next || next > nowMs)
        {
            return false;
        }

        slot = _queue.Dequeue();
        state = slot.State!;
        state.QueuedMs = 0;
        return true;
    }
}
