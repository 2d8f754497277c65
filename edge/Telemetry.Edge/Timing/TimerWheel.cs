namespace Telemetry.Edge.Timing;

/// <summary>
/// One coarse timer for all connections and sessions: 512 slots of 100 ms, entries linked through themselves, so a deadline
/// costs no allocation. An entry due in a later turn of the wheel stays in its slot and is looked at once a turn.
/// </summary>
internal sealed class TimerWheel
{
    /// <summary>Length of a slot, in milliseconds: deadlines fire up to this much late, never early.</summary>
    public const int TickMilliseconds = 100;

    private const int Slots = 512;

    private readonly Lock _gate = new();
    private readonly WheelEntry?[] _slots = new WheelEntry?[Slots];
    private readonly TimeProvider _time;
    private readonly long _origin;
    private long _lastTick;
    private long _now;

    public TimerWheel(TimeProvider time)
    {
        _time = time;
        _origin = time.GetTimestamp();
    }

    /// <summary>Milliseconds since the wheel was made, as of the last tick: cheap, up to a tick old.</summary>
    public long CoarseNow => Volatile.Read(ref _now);

    /// <summary>Milliseconds since the wheel was made.</summary>
    public long Now => (long)_time.GetElapsedTime(_origin).TotalMilliseconds;

    /// <summary>Sets the entry's deadline, in place of any other it had.</summary>
    public void Schedule(WheelEntry entry, long due)
    {
        lock (_gate)
        {
            Unlink(entry);
            entry.DueAt = due;
            // The slot of the tick after the deadline, and never one that was already walked.
            var tick = Math.Max((due / TickMilliseconds) + 1, _lastTick + 1);
            Link(entry, (int)(tick % Slots));
        }
    }

    public void Cancel(WheelEntry entry)
    {
        lock (_gate)
        {
            Unlink(entry);
        }
    }

    /// <summary>Fires what is due by now. Called by one timer, every tick.</summary>
    public void Advance()
    {
        var now = Now;
        Volatile.Write(ref _now, now);
        List<WheelEntry>? due = null;
        lock (_gate)
        {
            var tick = now / TickMilliseconds;
            var first = Math.Max(_lastTick + 1, tick - Slots + 1);
            for (var at = first; at <= tick; at++)
            {
                CollectDue((int)(at % Slots), now, ref due);
            }

            _lastTick = Math.Max(tick, _lastTick);
        }

        if (due is not null)
        {
            foreach (var entry in due)
            {
                entry.Due(now);
            }
        }
    }

    private void CollectDue(int slot, long now, ref List<WheelEntry>? due)
    {
        for (var entry = _slots[slot]; entry is not null;)
        {
            var next = entry.Next;
            if (entry.DueAt <= now)
            {
                Unlink(entry);
                (due ??= []).Add(entry);
            }

            entry = next;
        }
    }

    private void Link(WheelEntry entry, int slot)
    {
        var head = _slots[slot];
        entry.Slot = slot;
        entry.Next = head;
        if (head is not null)
        {
            head.Previous = entry;
        }

        _slots[slot] = entry;
    }

    private void Unlink(WheelEntry entry)
    {
        if (entry.Slot < 0)
        {
            return;
        }

        if (entry.Previous is { } previous)
        {
            previous.Next = entry.Next;
        }
        else
        {
            _slots[entry.Slot] = entry.Next;
        }

        if (entry.Next is { } next)
        {
            next.Previous = entry.Previous;
        }

        entry.Slot = -1;
        entry.Next = null;
        entry.Previous = null;
    }
}
