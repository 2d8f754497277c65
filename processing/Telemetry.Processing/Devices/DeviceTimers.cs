using Telemetry.Processing.Series;
using Telemetry.Streams.Pauses;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Devices;

/// <summary>What falls due on a device.</summary>
internal enum DueKind
{
    None,

    /// <summary>Sequences that did not come in time.</summary>
    SequenceGap,

    /// <summary>It was not heard for too long.</summary>
    Silent,

    /// <summary>Late readings have waited long enough, or copies of series are kept no longer.</summary>
    Late,

    /// <summary>Incidents of a device that stays silent.</summary>
    Abandon,
}

/// <summary>
/// What falls due on devices as partition time goes on. One queue entry a device counts; it may come early (the device has been heard since)
/// and is then put back with its true time. Things fire in the order of (time, last offset), whatever the queue went through before, so a
/// restored partition fires alike.
/// </summary>
internal sealed class DeviceTimers(ProcessingOptions options, PartitionPauses pauses)
{
    private readonly long _silentAtLeastMs = (long)options.SilentAtLeast.TotalMilliseconds;
    private readonly long _silentUnknownMs = (long)options.SilentAfter.TotalMilliseconds;
    private readonly long _lateWaitMs = (long)options.LateWait.TotalMilliseconds;
    private readonly long _lateWaitMaxMs = (long)options.LateWaitMax.TotalMilliseconds;
    private readonly PriorityQueue<KeySlot<DeviceState>, Due> _queue = new();

    /// <summary>When the next thing may fall due, partition time in milliseconds: not before that. Null: nothing is waited for.</summary>
    public long? NextMs
    {
        get
        {
            while (_queue.TryPeek(out var slot, out var due))
            {
                if (slot.State?.Queued == due)
                {
                    return due.TimeMs;
                }

                _queue.Dequeue();
            }

            return null;
        }
    }

    /// <summary>Makes sure that the device is waited for. Cheap when it already is.</summary>
    public void Schedule(KeySlot<DeviceState> slot, DeviceState state)
    {
        var due = DueOf(slot, state);
        if (due.TimeMs != long.MaxValue && (state.Queued is null || due.TimeMs < state.Queued.Value.TimeMs))
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

    /// <summary>What is due first of a device, and when.</summary>
    public DueKind Next(DeviceState state, out long atMs)
    {
        var kind = DueKind.None;
        atMs = long.MaxValue;
        Earlier(DueKind.SequenceGap, state.Gap.DeadlineMs == 0 ? long.MaxValue : state.Gap.DeadlineMs, ref kind, ref atMs);
        Earlier(DueKind.Silent, SilentAtMs(state), ref kind, ref atMs);
        Earlier(DueKind.Late, LateAtMs(state.Late), ref kind, ref atMs);
        Earlier(DueKind.Abandon, state.AbandonAtMs == 0 ? long.MaxValue : state.AbandonAtMs, ref kind, ref atMs);
        return kind;
    }

    /// <summary>When the device counts as silent; never when it does already.</summary>
    public long SilentAtMs(DeviceState state) => state.IsSilent
        ? long.MaxValue
        : pauses.Until(state.LastSeenMs, state.Pace.SilentAfterMs(_silentAtLeastMs, _silentUnknownMs));

    private static void Earlier(DueKind kind, long atMs, ref DueKind first, ref long firstMs)
    {
        if (atMs < firstMs)
        {
            (first, firstMs) = (kind, atMs);
        }
    }

    private long LateAtMs(LateReadings? late) => late switch
    {
        null => long.MaxValue,
        { Readings.Count: > 0 } => Math.Min(late.LastMs + _lateWaitMs, late.FirstMs + _lateWaitMaxMs),
        _ => late.KeepUntilMs,
    };

    private Due DueOf(KeySlot<DeviceState> slot, DeviceState state)
    {
        Next(state, out var atMs);
        return new Due(atMs, slot.LastOffset);
    }
}
