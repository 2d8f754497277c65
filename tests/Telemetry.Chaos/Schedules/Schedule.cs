namespace Telemetry.Chaos.Schedules;

/// <summary>The faults of one seed, by their begin.</summary>
internal sealed record Schedule(int Seed, TimeSpan Length, IReadOnlyList<Fault> Faults);
