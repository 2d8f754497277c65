namespace Telemetry.Observability.Lag;

/// <summary>A consumer group and a topic it reads, to be measured.</summary>
/// <param name="Group">Consumer group.</param>
/// <param name="Topic">Topic it reads.</param>
/// <param name="Stage">The <see cref="LagStage"/> that its commits complete; null when they say nothing of a reading's way.</param>
public readonly record struct LagGroup(string Group, string Topic, string? Stage);
