using Telemetry.Alarms.Machine;
using Telemetry.Contracts.V1;

namespace Telemetry.Alarms.Keeping;

/// <summary>One alarm as its partition keeps it.</summary>
internal sealed class AlarmSlot(AlarmState state)
{
    public AlarmState State { get; } = state;

    public Alarm Alarm => State.Alarm;

    /// <summary>Where the queue of timers has it; 0: nowhere.</summary>
    public long QueuedMs { get; set; }

    /// <summary>Changed since the last commit.</summary>
    public bool IsDirty { get; set; }

    public AlarmMode Mode
    {
        get => new((AlarmPhase)State.Phase, (AlarmInhibits)State.Inhibits);
        set
        {
            (State.Phase, State.Inhibits) = ((uint)value.Phase, (uint)value.Inhibits);
            Alarm.Status = value.Status;
            Alarm.Active = value.IsActive;
        }
    }

    /// <summary>The first thing that falls due; 0: nothing waits.</summary>
    public long DueMs
    {
        get
        {
            var due = long.MaxValue;
            Span<long> all = [State.RaiseDueMs, State.ClearDueMs, State.FlapUntilMs, State.ForgetDueMs, ShelfEndMs];
            foreach (var one in all)
            {
                due = one != 0 && one < due ? one : due;
            }

            return due == long.MaxValue ? 0 : due;
        }
    }

    /// <summary>End of the shelving in milliseconds, rounded up; 0: not shelved.</summary>
    public long ShelfEndMs => Mode.Inhibits.HasFlag(AlarmInhibits.Shelved) ? (Alarm.ShelvedUntilUs + 999) / 1000 : 0;
}
