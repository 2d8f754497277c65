namespace Telemetry.Streams.Lag;

/// <summary>A consumer group and a topic it reads.</summary>
public readonly record struct GroupTopic(string Group, string Topic);
