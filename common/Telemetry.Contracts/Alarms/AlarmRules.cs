using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Alarms;

/// <summary>What turns incidents and readings into alarms: the whole of a rules document.</summary>
/// <param name="Incidents">Which incidents become alarms; the first that fits decides.</param>
/// <param name="Rules">Rules over readings, each with its own name.</param>
public sealed record AlarmRules(IReadOnlyList<IncidentRule> Incidents, IReadOnlyList<AlarmRule> Rules)
{
    /// <summary>What is in force before anybody has said anything: every incident of severity 300 or more, its priority by severity.</summary>
    public static AlarmRules Default { get; } = new([new IncidentRule { SeverityMin = 300 }], []);

    /// <summary>Tells documents apart: the beginning of the SHA-256 of the text, hexadecimal.</summary>
    public string Fingerprint { get; init; } = "default";

    /// <summary>True: readings are to be read.</summary>
    public bool NeedReadings => Rules.Count > 0;
}

/// <summary>Delays, flap suppression and suppression by other alarms, the same for every kind of rule.</summary>
public sealed record RuleHandling
{
    /// <summary>The condition must hold this long, by the log's time, before the alarm is raised. Default none.</summary>
    public TimeSpan OnDelay { get; init; }

    /// <summary>The condition must be gone this long before the alarm is cleared. Default none.</summary>
    public TimeSpan OffDelay { get; init; }

    /// <summary>Raised this often within <see cref="FlapWithin"/>, the alarm is suppressed; 0 (default): never.</summary>
    public int FlapCount { get; init; }

    /// <summary>The window in which raises are counted, and the quiet time that ends the suppression.</summary>
    public TimeSpan FlapWithin { get; init; }

    /// <summary>Sources (rule names, or incident.KIND) whose active alarm on the same device suppresses this one.</summary>
    public IReadOnlyList<string> SuppressedBy { get; init; } = [];

    /// <summary>As it goes with each condition on the log.</summary>
    public AlarmHandling ToMessage() => new()
    {
        OnDelayMs = (ulong)OnDelay.TotalMilliseconds,
        OffDelayMs = (ulong)OffDelay.TotalMilliseconds,
        FlapCount = (uint)FlapCount,
        FlapWindowMs = (ulong)FlapWithin.TotalMilliseconds,
        SuppressedBy = { SuppressedBy },
    };
}

/// <summary>Which incidents become alarms.</summary>
public sealed record IncidentRule
{
    /// <summary>Kinds in kebab case; empty: all.</summary>
    public IReadOnlyList<string> Kinds { get; init; } = [];

    /// <summary>Devices.</summary>
    public NamePattern Devices { get; init; } = NamePattern.Any;

    /// <summary>Lead sensors.</summary>
    public NamePattern Sensors { get; init; } = NamePattern.Any;

    /// <summary>Least severity, 0 to 1000.</summary>
    public int SeverityMin { get; init; }

    /// <summary>False: such incidents never become alarms.</summary>
    public bool Alarm { get; init; } = true;

    /// <summary>Unspecified: by severity, see <see cref="PriorityOf"/>.</summary>
    public AlarmPriority Priority { get; init; }

    /// <summary>Delays and suppression.</summary>
    public RuleHandling Handling { get; init; } = new();

    /// <summary>Severity 900 and more is critical, 700 high, 400 medium, the rest low.</summary>
    public static AlarmPriority PriorityOf(uint severity) => severity switch
    {
        >= 900 => AlarmPriority.Critical,
        >= 700 => AlarmPriority.High,
        >= 400 => AlarmPriority.Medium,
        _ => AlarmPriority.Low,
    };
}

/// <summary>What a rule looks at.</summary>
public enum RuleType
{
    /// <summary>A value above or below a limit.</summary>
    Threshold,

    /// <summary>A value that rises or falls faster than a limit.</summary>
    Rate,

    /// <summary>Readings come, but their value stays the same.</summary>
    Stale,

    /// <summary>No readings come.</summary>
    Absent,

    /// <summary>A comparison over two sensors of a device.</summary>
    Expression,

    /// <summary>The number of devices on which another rule's condition holds.</summary>
    Group,
}

/// <summary>A rule over readings.</summary>
public sealed record AlarmRule
{
    /// <summary>1 to 64 of a-z 0-9 and -; the source of its alarms.</summary>
    public required string Name { get; init; }

    public required RuleType Type { get; init; }

    public NamePattern Devices { get; init; } = NamePattern.Any;

    /// <summary>Sensors, each on its own; null: the device as such (absent), or those of the expression.</summary>
    public NamePattern? Sensors { get; init; }

    /// <summary>Threshold: upper limit of the value. Rate: upper limit of its change in <see cref="Window"/>.</summary>
    public double? Above { get; init; }

    /// <summary>The same downwards; a rate falls at a negative number.</summary>
    public double? Below { get; init; }

    /// <summary>
    /// How far back beyond the limit the value must come before the condition is over (hysteresis), in its own unit. Stale: how far it may move and
    /// still count as the same.
    /// </summary>
    public double Deadband { get; init; }

    /// <summary>The condition must hold in all readings over this event time. Default none: one reading will do.</summary>
    public TimeSpan For { get; init; }

    /// <summary>Rate: the time over which the change is taken. Expression: how old the other sensor's value may be. Stale, absent: after this long.</summary>
    public TimeSpan Window { get; init; }

    /// <summary>The comparison, of an expression.</summary>
    public SensorExpression? Expression { get; init; }

    /// <summary>False: the condition raises no alarm of its own; it is there for groups to count.</summary>
    public bool Alarm { get; init; } = true;

    /// <summary>Group: name of the rule that is counted.</summary>
    public string Of { get; init; } = "";

    /// <summary>Group: this many devices.</summary>
    public int AtLeast { get; init; }

    public AlarmPriority Priority { get; init; } = AlarmPriority.Medium;

    /// <summary>A sentence with {device}, {sensor}, {value}, {limit}, {for} and {count}; empty: one made for the type.</summary>
    public string Text { get; init; } = "";

    public RuleHandling Handling { get; init; } = new();
}
