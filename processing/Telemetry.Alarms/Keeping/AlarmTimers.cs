namespace Telemetry.Alarms.Keeping;

/// <summary>
/// What falls due on alarms as the partition's time goes on, ordered by due time and then by id, so that every run fires alike.
/// </summary>
internal sealed class AlarmTimers
{
    private readonly SortedSet<(long DueMs, string Id)> _queue = new(Comparer<(long DueMs, string Id)>.Create(static (a, b) =>
        a.DueMs != b.DueMs ? a.DueMs.CompareTo(b.DueMs) : string.CompareOrdinal(a.Id, b.Id)));

    /// <summary>When the next thing falls due; null: nothing waits.</summary>
    public long? NextMs => _queue.Count == 0 ? null : _queue.Min.DueMs;

    /// <summary>Puts an alarm where its first due time belongs.</summary>
    public void Schedule(AlarmSlot slot)
    {
        var due = slot.DueMs;
        if (due == slot.QueuedMs)
        {
            return;
        }

        Remove(slot);
        if (due != 0)
        {
            _queue.Add((due, slot.Alarm.Id));
            slot.QueuedMs = due;
        }
    }

    public void Remove(AlarmSlot slot)
    {
        if (slot.QueuedMs != 0)
        {
            _queue.Remove((slot.QueuedMs, slot.Alarm.Id));
            slot.QueuedMs = 0;
        }
    }

    /// <summary>Id of the alarm of which something is due at <paramref name="nowMs"/>; schedule it again afterwards.</summary>
    public bool TryPeek(long nowMs, out string id)
    {
        id = "";
        if (NextMs is not { } next || next > nowMs)
        {
            return false;
        }

        id = _queue.Min.Id;
        return true;
    }
}
