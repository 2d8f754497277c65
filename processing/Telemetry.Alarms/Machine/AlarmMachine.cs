namespace Telemetry.Alarms.Machine;

/// <summary>
/// The states of an alarm and the ways between them (ISA-18.2-2016, 5.3; IEC 62682:2014, 5.3), as one pure function.
/// <code><![CDATA[
///                     raise                     acknowledge
///     normal ───────────────────> unacknowledged ─────────> acknowledged
///       ^ ^                        │         ^ ^               │   │
///       │ │ acknowledge      clear │   raise │ └── escalate ───┘   │ clear
///       │ └────────────── returned <─────────┘                     │
///       └──────────────────────────────────────────────────────────┘
///
///     any ── shelve, suppress, take out of service ──> inhibited: only "does the condition hold" is followed
///     inhibited ── the last inhibition ends ──> unacknowledged when the condition holds, else normal
/// ]]></code>
/// </summary>
internal static class AlarmMachine
{
    /// <summary>The state after an act; null when the act does not apply there and changes nothing.</summary>
    public static AlarmMode? Next(AlarmMode mode, AlarmAct act) => act switch
    {
        AlarmAct.Raise => mode.IsActive ? null : mode with { Phase = AlarmPhase.Unacknowledged },
        AlarmAct.Clear => Clear(mode),
        AlarmAct.Escalate => mode is { Phase: AlarmPhase.Acknowledged } ? mode with { Phase = AlarmPhase.Unacknowledged } : null,
        AlarmAct.Acknowledge => Acknowledge(mode),
        AlarmAct.Shelve => mode.Inhibits.HasFlag(AlarmInhibits.OutOfService) ? null : Inhibit(mode, AlarmInhibits.Shelved),
        AlarmAct.Unshelve => Release(mode, AlarmInhibits.Shelved),
        AlarmAct.BeginFlapping => Begin(mode, AlarmInhibits.Flapping),
        AlarmAct.EndFlapping => Release(mode, AlarmInhibits.Flapping),
        AlarmAct.BeginDesigned => Begin(mode, AlarmInhibits.Designed),
        AlarmAct.EndDesigned => Release(mode, AlarmInhibits.Designed),
        AlarmAct.TakeOutOfService => Begin(mode, AlarmInhibits.OutOfService),
        AlarmAct.ReturnToService => Release(mode, AlarmInhibits.OutOfService),
        _ => throw new ArgumentOutOfRangeException(nameof(act), act, "No such act."),
    };

    /// <summary>Who was not asked has nothing to acknowledge: what returns while it is inhibited is normal.</summary>
    private static AlarmMode? Clear(AlarmMode mode) => mode switch
    {
        { IsActive: false } => null,
        { Phase: AlarmPhase.Unacknowledged, Inhibits: AlarmInhibits.None } => mode with { Phase = AlarmPhase.Returned },
        _ => mode with { Phase = AlarmPhase.Normal },
    };

    private static AlarmMode? Acknowledge(AlarmMode mode) => mode switch
    {
        { Inhibits: not AlarmInhibits.None } => null,
        { Phase: AlarmPhase.Unacknowledged } => mode with { Phase = AlarmPhase.Acknowledged },
        { Phase: AlarmPhase.Returned } => mode with { Phase = AlarmPhase.Normal },
        _ => null,
    };

    private static AlarmMode? Begin(AlarmMode mode, AlarmInhibits inhibit) =>
        mode.Inhibits.HasFlag(inhibit) ? null : Inhibit(mode, inhibit);

    private static AlarmMode Inhibit(AlarmMode mode, AlarmInhibits inhibit) => new(
        mode.IsActive ? AlarmPhase.Unacknowledged : AlarmPhase.Normal, mode.Inhibits | inhibit);

    private static AlarmMode? Release(AlarmMode mode, AlarmInhibits inhibit) =>
        mode.Inhibits.HasFlag(inhibit) ? mode with { Inhibits = mode.Inhibits & ~inhibit } : null;
}
