using System.Globalization;
using Google.Protobuf;
using Telemetry.Alarms.Folding;
using Telemetry.Alarms.Machine;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Alarms.Keeping;

/// <summary>
/// What becomes of the alarms of one partition: a pure function of its inputs in their order. Time is that of the records (the largest seen); a quiet
/// partition gets a tick from its owner when something falls due.
/// </summary>
internal sealed class AlarmKeeper : IPartitionFold
{
    private const int MembersMax = 100_000;
    private const int MembersNamed = 5;

    private readonly AlarmsOptions _options;
    private readonly AlarmStore _store = new();
    private readonly AlarmTimers _timers = new();
    private readonly AlarmChangeWriter _writer;

    public AlarmKeeper(AlarmsOptions options, int partition) => (_options, _writer) = (options, new AlarmChangeWriter(options, partition, Counts));

    public KeeperCounts Counts { get; } = new();

    /// <summary>The alarms as they are, also what is not committed yet.</summary>
    public IEnumerable<Alarm> Alarms => _store.All.Select(static slot => slot.Alarm);

    /// <inheritdoc/>
    public long? NextDueMs => _timers.NextMs;

    /// <inheritdoc/>
    public bool HasChanges => !_writer.IsEmpty || _store.HasChanges;

    /// <inheritdoc/>
    public void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _store.Load(key, value);

    /// <inheritdoc/>
    public void Loaded()
    {
        foreach (var slot in _store.All)
        {
            _timers.Schedule(slot);
        }
    }

    /// <inheritdoc/>
    public void Process(in LogRecord record)
    {
        _store.TimeMs = Math.Max(_store.TimeMs, record.TimestampMs);
        _writer.Begin(record.Offset, _store.TimeMs);
        FireTimers();
        if (DeviceDeletion.Read(record) is { } deletion)
        {
            Delete(deletion);
            return;
        }

        AlarmInput input;
        try
        {
            input = AlarmInput.Parser.ParseFrom(record.Value.Span);
        }
        catch (InvalidProtocolBufferException error)
        {
            _writer.Malformed(record, error.Message);
            return;
        }

        switch (input.InputCase)
        {
            case AlarmInput.InputOneofCase.Condition:
                Take(input.Condition);
                break;
            case AlarmInput.InputOneofCase.Member:
                Take(input.Member);
                break;
            case AlarmInput.InputOneofCase.Command:
                Take(input.Command);
                break;
            default:
                break;
        }
    }

    /// <inheritdoc/>
    public void Collect(FoldChanges changes)
    {
        _writer.Collect(changes);
        _store.Collect(changes);
    }

    private long NowUs => _store.TimeMs * 1000;

    private void Take(AlarmCondition condition)
    {
        var slot = _store.Find(AlarmId.Of(condition.Device, condition.Sensor, condition.Source));
        if (slot is null && (!condition.Active || (slot = Create(condition)) is null))
        {
            return;
        }

        // The end of an incident that another one of the same kind has taken the place of.
        if (!condition.Active && slot.State.Signal && condition.IncidentId.Length > 0 && slot.Alarm.IncidentId != condition.IncidentId)
        {
            return;
        }

        slot.State.Handling = condition.Handling ?? new AlarmHandling();
        if (condition.Active)
        {
            Hold(slot, condition);
        }
        else if (slot.State.Signal)
        {
            Release(slot);
        }

        Settle(slot);
    }

    /// <summary>The condition holds, or goes on with other figures.</summary>
    private void Hold(AlarmSlot slot, AlarmCondition condition)
    {
        var rose = condition.Priority > slot.Alarm.Priority;
        AlarmWords.Describe(slot.Alarm, condition);
        slot.State.ClearDueMs = 0;
        if (!slot.State.Signal)
        {
            slot.State.Signal = true;
            Stir(slot);
        }

        if (slot.Mode.IsActive)
        {
            if (rose)
            {
                Apply(slot, AlarmAct.Escalate, AlarmTransition.Escalated, NowUs);
            }
        }
        else if (slot.State.RaiseDueMs == 0)
        {
            var delay = (long)slot.State.Handling.OnDelayMs;
            if (delay > 0)
            {
                slot.State.RaiseDueMs = _store.TimeMs + delay;
            }
            else
            {
                Raise(slot, _store.TimeMs);
            }
        }
    }

    /// <summary>The condition is over.</summary>
    private void Release(AlarmSlot slot)
    {
        slot.State.Signal = false;
        slot.State.RaiseDueMs = 0;
        Stir(slot);
        var delay = (long)slot.State.Handling.OffDelayMs;
        if (!slot.Mode.IsActive)
        {
            return;
        }

        if (delay > 0)
        {
            slot.State.ClearDueMs = _store.TimeMs + delay;
        }
        else
        {
            Apply(slot, AlarmAct.Clear, AlarmTransition.Cleared, NowUs);
        }
    }

    private void Take(AlarmGroupMember member)
    {
        // Also when it was known: the rule may have changed.
        _store.SetMember(member.Group, member.Member, member.Active, MembersMax);

        var count = _store.MembersOf(member.Group);
        var isActive = member.AtLeast > 0 && count >= member.AtLeast;
        var named = string.Join(", ", _store.FirstMembersOf(member.Group, MembersNamed));
        var more = count > MembersNamed ? string.Create(CultureInfo.InvariantCulture, $" and {count - MembersNamed} more") : "";
        Take(new AlarmCondition
        {
            Device = AlarmId.GroupPrefix + member.Group,
            Source = member.Group,
            Kind = "group",
            Active = isActive,
            Priority = member.Priority,
            Text = $"{member.Text.Replace("{count}", count.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)}: {named}{more}",
            Value = count,
            EventTimeUs = member.EventTimeUs,
            Handling = member.Handling,
        });
    }

    private void Take(AlarmCommand command)
    {
        if (_store.Find(command.AlarmId) is not { } slot)
        {
            _writer.Refused(new Alarm { Id = command.AlarmId, Device = command.Device }, command, "there is no such alarm any more.");
            return;
        }

        if (command.ExpectedVersion != 0 && command.ExpectedVersion != slot.Alarm.Version)
        {
            _writer.Refused(slot.Alarm, command, string.Create(CultureInfo.InvariantCulture, $"the alarm has changed: its version is {slot.Alarm.Version} now, not {command.ExpectedVersion}."));
            return;
        }

        var (act, transition) = command.Action switch
        {
            AlarmAction.Acknowledge => (AlarmAct.Acknowledge, AlarmTransition.Acknowledged),
            AlarmAction.Shelve => (AlarmAct.Shelve, AlarmTransition.Shelved),
            AlarmAction.Unshelve => (AlarmAct.Unshelve, AlarmTransition.Unshelved),
            AlarmAction.TakeOutOfService => (AlarmAct.TakeOutOfService, AlarmTransition.TakenOutOfService),
            AlarmAction.ReturnToService => (AlarmAct.ReturnToService, AlarmTransition.ReturnedToService),
            _ => (default, AlarmTransition.Commented),
        };
        if (command.Action == AlarmAction.Shelve && command.UntilUs <= NowUs)
        {
            _writer.Refused(slot.Alarm, command, "the end of the shelving is over already.");
            return;
        }

        if (command.Action is AlarmAction.Comment)
        {
            AlarmWords.Note(slot.Alarm, command);
            _writer.Changed(slot.Alarm, slot.Alarm.Status, transition, NowUs, command);
        }
        else if (command.Action is AlarmAction.Unspecified || !Apply(slot, act, transition, NowUs, command))
        {
            _writer.Refused(slot.Alarm, command, $"an alarm that is {AlarmNames.Of(slot.Alarm.Status)} does not allow it.");
            return;
        }

        Settle(slot);
    }

    /// <summary>Null: there are as many alarms as there may be, and all of them stand.</summary>
    private AlarmSlot? Create(AlarmCondition condition)
    {
        if (_store.Count >= _options.AlarmsMax)
        {
            var oldest = _store.All.Where(static s => s.State.ForgetDueMs != 0)
                .OrderBy(static s => s.State.ForgetDueMs).ThenBy(static s => s.Alarm.Id, StringComparer.Ordinal).FirstOrDefault();
            if (oldest is null)
            {
                Counts.Overflowed++;
                return null;
            }

            Forget(oldest);
        }

        var alarm = new Alarm
        {
            Id = AlarmId.Of(condition.Device, condition.Sensor, condition.Source),
            Device = condition.Device,
            Sensor = condition.Sensor,
            Source = condition.Source,
            Status = AlarmStatus.Normal,
        };
        return _store.Add(new AlarmState { Alarm = alarm, Handling = new AlarmHandling() });
    }

    private void Raise(AlarmSlot slot, long atMs)
    {
        slot.State.RaiseDueMs = 0;
        Apply(slot, AlarmAct.Raise, AlarmTransition.Raised, atMs * 1000);
        var handling = slot.State.Handling;
        if (handling.FlapCount == 0)
        {
            slot.State.RaisedMs.Clear();
            return;
        }

        slot.State.RaisedMs.Add(atMs);
        while (slot.State.RaisedMs.Count > handling.FlapCount)
        {
            slot.State.RaisedMs.RemoveAt(0);
        }

        if (slot.State.RaisedMs.Count == handling.FlapCount && atMs - slot.State.RaisedMs[0] <= (long)handling.FlapWindowMs)
        {
            slot.State.FlapUntilMs = atMs + (long)handling.FlapWindowMs;
            Apply(slot, AlarmAct.BeginFlapping, AlarmTransition.Suppressed, atMs * 1000);
        }
    }

    /// <summary>The condition came or went: a flapping alarm has to be quiet for its whole window again.</summary>
    private void Stir(AlarmSlot slot)
    {
        if (slot.Mode.Inhibits.HasFlag(AlarmInhibits.Flapping))
        {
            slot.State.FlapUntilMs = _store.TimeMs + (long)slot.State.Handling.FlapWindowMs;
        }
    }

    /// <summary>Suppression by design, of this alarm and by it; then it is kept and waited for.</summary>
    private void Settle(AlarmSlot slot)
    {
        Design(slot);
        Keep(slot);
        foreach (var other in _store.OfDevice(slot.Alarm.Device))
        {
            if (other != slot && other.State.Handling.SuppressedBy.Contains(slot.Alarm.Source) && Design(other))
            {
                Keep(other);
            }
        }
    }

    private bool Design(AlarmSlot slot)
    {
        var by = slot.State.Handling.SuppressedBy;
        var cause = by.Count == 0
            ? null
            : _store.OfDevice(slot.Alarm.Device).FirstOrDefault(other => other != slot && other.Mode.IsActive && by.Contains(other.Alarm.Source));
        if (cause is null)
        {
            return Apply(slot, AlarmAct.EndDesigned, AlarmTransition.Unsuppressed, NowUs);
        }

        if (slot.Mode.Inhibits.HasFlag(AlarmInhibits.Designed))
        {
            return false;
        }

        Apply(slot, AlarmAct.BeginDesigned, AlarmTransition.Suppressed, NowUs, by: cause.Alarm.Source);
        return true;
    }

    private void Keep(AlarmSlot slot)
    {
        var rests = slot.Mode == default && !slot.State.Signal && slot.State.RaiseDueMs == 0;
        slot.State.ForgetDueMs = !rests ? 0
            : slot.State.ForgetDueMs != 0 ? slot.State.ForgetDueMs
            : _store.TimeMs + (long)_options.ForgetAfter.TotalMilliseconds;
        slot.Alarm.Version++;
        _store.MarkDirty(slot);
        _timers.Schedule(slot);
    }

    private void Forget(AlarmSlot slot)
    {
        _timers.Remove(slot);
        _store.Remove(slot);
    }

    /// <summary>A device is deleted: who was told of its alarms is told that they are over, then nothing of them is kept.</summary>
    private void Delete(DeviceDeletion deletion)
    {
        foreach (var slot in _store.OfDevice(deletion.Device).ToList())
        {
            if (slot.Mode.IsActive)
            {
                Apply(slot, AlarmAct.Clear, AlarmTransition.Cleared, NowUs);
            }

            Forget(slot);
        }

        _writer.Deleted(deletion);
    }

    private void FireTimers()
    {
        while (_timers.TryPeek(_store.TimeMs, out var id))
        {
            var slot = _store.Find(id)!;
            var due = slot.DueMs;
            if (due == slot.State.ForgetDueMs)
            {
                Forget(slot);
                continue;
            }

            Fire(slot, due);
            Settle(slot);
        }
    }

    private void Fire(AlarmSlot slot, long due)
    {
        if (due == slot.State.RaiseDueMs)
        {
            Raise(slot, due);
        }
        else if (due == slot.State.ClearDueMs)
        {
            slot.State.ClearDueMs = 0;
            Apply(slot, AlarmAct.Clear, AlarmTransition.Cleared, due * 1000);
        }
        else if (due == slot.State.FlapUntilMs)
        {
            slot.State.FlapUntilMs = 0;
            slot.State.RaisedMs.Clear();
            Apply(slot, AlarmAct.EndFlapping, AlarmTransition.Unsuppressed, due * 1000);
        }
        else
        {
            Apply(slot, AlarmAct.Unshelve, AlarmTransition.Unshelved, due * 1000);
        }
    }

    /// <summary>False: the act does not apply, nothing changed.</summary>
    private bool Apply(AlarmSlot slot, AlarmAct act, AlarmTransition transition, long timeUs, AlarmCommand? command = null, string by = "")
    {
        var before = slot.Mode;
        if (AlarmMachine.Next(before, act) is not { } next)
        {
            return false;
        }

        var alarm = slot.Alarm;
        slot.Mode = next;
        AlarmWords.Write(alarm, next, act, timeUs, command, by);
        _writer.Changed(alarm, before.Status, transition, timeUs, command);
        return true;
    }
}
