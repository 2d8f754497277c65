using Telemetry.Contracts.V1;

namespace Telemetry.Alarms.Machine;

/// <summary>Where an alarm stands when nothing inhibits it: the four states of ISA-18.2 that an operator meets.</summary>
internal enum AlarmPhase
{
    /// <summary>The condition does not hold, and nobody is asked for anything.</summary>
    Normal = 0,

    /// <summary>The condition holds and nobody has acknowledged it.</summary>
    Unacknowledged = 1,

    /// <summary>The condition holds; a person has acknowledged it.</summary>
    Acknowledged = 2,

    /// <summary>The condition is over and nobody has acknowledged that it was there.</summary>
    Returned = 3,
}

/// <summary>What keeps an alarm from asking for a person. Several can be in force at once.</summary>
[Flags]
internal enum AlarmInhibits
{
    None = 0,

    /// <summary>Put aside by a person until a time.</summary>
    Shelved = 1,

    /// <summary>It came and went too often.</summary>
    Flapping = 2,

    /// <summary>By design: an alarm that explains it is active.</summary>
    Designed = 4,

    /// <summary>Taken out of service by a person until he takes it back.</summary>
    OutOfService = 8,
}

/// <summary>The state of an alarm. While something inhibits it, the phase only says whether the condition holds: normal or unacknowledged.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="Inhibits">What inhibits it.</param>
internal readonly record struct AlarmMode(AlarmPhase Phase, AlarmInhibits Inhibits)
{
    /// <summary>True: the condition holds.</summary>
    public bool IsActive => Phase is AlarmPhase.Unacknowledged or AlarmPhase.Acknowledged;

    /// <summary>The one word for it. Out of service counts before suppressed, and that before shelved.</summary>
    public AlarmStatus Status => (Inhibits, Phase) switch
    {
        ({ } inhibits, _) when inhibits.HasFlag(AlarmInhibits.OutOfService) => AlarmStatus.OutOfService,
        ({ } inhibits, _) when (inhibits & (AlarmInhibits.Flapping | AlarmInhibits.Designed)) != 0 => AlarmStatus.Suppressed,
        (not AlarmInhibits.None, _) => AlarmStatus.Shelved,
        (_, AlarmPhase.Unacknowledged) => AlarmStatus.UnacknowledgedActive,
        (_, AlarmPhase.Acknowledged) => AlarmStatus.AcknowledgedActive,
        (_, AlarmPhase.Returned) => AlarmStatus.ReturnedUnacknowledged,
        _ => AlarmStatus.Normal,
    };
}
