namespace Telemetry.Evaluation.Events;

/// <summary>When an alarm counts for a fault.</summary>
public sealed record MatchRules
{
    /// <summary>Kinds that are over before anybody can say so: an alarm still counts for them some readings after their end.</summary>
    public IReadOnlySet<string> KindsWithGrace { get; init; } = new HashSet<string> { "spike", "dropout" };

    /// <summary>Readings of the series after the end in which an alarm counts for such a kind. Default 2.</summary>
    public int GraceReadings { get; init; } = 2;

    /// <summary>
    /// Readings after the end of a fault in which an alarm is neither hit nor false: the series comes back, which is a change too. Default 10.
    /// </summary>
    public int RecoveryReadings { get; init; } = 10;
}
