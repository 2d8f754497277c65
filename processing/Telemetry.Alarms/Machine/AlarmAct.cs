namespace Telemetry.Alarms.Machine;

/// <summary>What can happen to an alarm.</summary>
internal enum AlarmAct
{
    /// <summary>The condition holds, after the on-delay.</summary>
    Raise,

    /// <summary>The condition is over, after the off-delay.</summary>
    Clear,

    /// <summary>Its priority has risen.</summary>
    Escalate,

    /// <summary>A person has seen it.</summary>
    Acknowledge,

    /// <summary>A person puts it aside, or names another end.</summary>
    Shelve,

    /// <summary>A person takes it back, or the time is over.</summary>
    Unshelve,

    /// <summary>It came and went too often.</summary>
    BeginFlapping,

    /// <summary>It has been quiet for long enough.</summary>
    EndFlapping,

    /// <summary>An alarm that explains it became active.</summary>
    BeginDesigned,

    /// <summary>None that explains it is active any more.</summary>
    EndDesigned,

    /// <summary>A person takes it out of service.</summary>
    TakeOutOfService,

    /// <summary>A person returns it to service.</summary>
    ReturnToService,
}
