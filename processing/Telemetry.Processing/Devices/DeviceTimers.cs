using Telemetry.Streams.State;

namespace Telemetry.Processing.Devices;

/// <summary>
/// What falls due on devices as partition time goes on: silence and gaps. One queue entry a device counts; it may come
/// early (the device has been heard since) and is then put back with its true time. Things fire in the order of (time, last
/// offset), whatever the queue went through before, so a restored partition fires alike.
/// </summary>
internal sealed class DeviceTimers(TimeSpan silentAfter)
{
    private readonly long _silentAfterMs = (long)silentAfter.TotalMilliseconds;
    private readonly PriorityQueue<KeySlot<DeviceState>, Due> _queue = new();

    /// <summary>Makes sure that the device is waited for. Cheap when it already is.</summary>
    public void Schedule(KeySlot<DeviceState> slot, DeviceState state)
    {
        if (state.Queued is { } queued && (state.Gap.DeadlineMs == 0 || state.Gap.DeadlineMs >= queued.TimeMs))
        {
            return;
        }

        var due = DueOf(slot, state);
        if (due.TimeMs != long.MaxValue && (state.Queued is null || due.CompareTo(state.Queued.Value) < 0))
        {
            state.Queued = due;
            _queue.Enqueue(slot, due);
        }
    }

    /// <summary>The next device of which something is due at <paramref name="nowMs"/>; schedule it again afterwards.</summary>
    public bool TryTake(long nowMs, out KeySlot<DeviceState> slot, out DeviceState state)
    {
        while (_queue.TryPeek(out slot!, out var entry) && entry.TimeMs <= nowMs)
        {
            _queue.Dequeue();
            state = slot.State!;
            if (state is null || state.Queued != entry)
            {
                continue;
            }

            state.Queued = null;
            if (DueOf(slot, state) == entry)
            {
                return true;
            }

            Schedule(slot, state);
        }

        state = null!;
        return false;
    }

    /// <summary>When the device counts as silent; never when it does already.</summary>
    public long SilentAtMs(DeviceState state) => state.IsSilent ? long.MaxValue : state.LastSeenMs + _silentAfterMs;

    private Due DueOf(KeySlot<DeviceState> slot, DeviceState state)
    {
        var gap = state.Gap.DeadlineMs == 0 ? long.MaxValue : state.Gap.DeadlineMs;
        return new Due(Math.Min(gap, SilentAtMs(state)), slot.LastOffset);
    }
}
