namespace Telemetry.Chaos.Cluster;

/// <summary>A process that ended without being told to, and the last it said.</summary>
internal sealed record SelfExit(string Role, int Code, string LastLine);
