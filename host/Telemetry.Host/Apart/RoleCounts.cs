namespace Telemetry.Host.Apart;

/// <summary>Processes of the roles of which there can be several.</summary>
internal sealed record RoleCounts(int Process, int Store);
