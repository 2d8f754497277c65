namespace Telemetry.Operations.Audit;

/// <summary>One boot of one device: the audit compares sequence by sequence within it.</summary>
internal readonly record struct ReadingKey(string Device, ulong Boot);
