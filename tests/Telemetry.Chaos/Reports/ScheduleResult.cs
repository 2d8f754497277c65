using System.Text.Json.Serialization;
using Telemetry.Chaos.Cluster;
using Telemetry.Chaos.Schedules;

namespace Telemetry.Chaos.Reports;

/// <summary>Outcome of one schedule. Counts are readings, times seconds.</summary>
internal sealed record ScheduleResult
{
    public required int Seed { get; init; }

    public required IReadOnlyList<PlayedFault> Faults { get; init; }

    /// <summary>What went wrong, in words; empty when the schedule passed.</summary>
    public required IReadOnlyList<string> Failures { get; init; }

    public AuditFigures? Audit { get; init; }

    /// <summary>Longest time in which no device had an acknowledgement.</summary>
    public double LongestUnacknowledged { get; init; }

    /// <summary>Longest time in which nothing new was stored.</summary>
    public double LongestUnstored { get; init; }

    /// <summary>From the end of the fleet until everything was stored and processed.</summary>
    public double Drain { get; init; }

    public long Reconnects { get; init; }

    /// <summary>Messages between persistent sessions that were acknowledged; each of them was received.</summary>
    public long Messages { get; init; }

    /// <summary>Processes that ended without being told to; they were started again.</summary>
    public IReadOnlyList<SelfExit> SelfExits { get; init; } = [];

    /// <summary>All in, from the start of the roles to the audit.</summary>
    public double Seconds { get; init; }

    /// <summary>Data and logs, where they were kept.</summary>
    public string? Data { get; init; }

    /// <summary>The command that plays this seed again.</summary>
    public string? Replay { get; init; }

    public bool Passed => Failures.Count == 0;
}

/// <summary>A fault and what became of it.</summary>
/// <param name="At">Planned begin, in seconds since the begin of the faults.</param>
/// <param name="Kind">Name in the catalogue.</param>
/// <param name="Target">What it hit.</param>
/// <param name="Duration">Planned seconds until it was healed.</param>
/// <param name="Skipped">Why it was not played; null when it was.</param>
internal sealed record PlayedFault(double At, string Kind, string Target, double Duration, string? Skipped)
{
    /// <summary>Longest time without an acknowledgement that touched the time from the begin of this fault to the begin of the next; seconds.</summary>
    public double Unacknowledged { get; init; }

    /// <summary>The same without a new reading stored.</summary>
    public double Unstored { get; init; }

    public static PlayedFault From(Fault fault, string? skipped) =>
        new(fault.At.TotalSeconds, fault.Kind.Name, fault.Target, fault.Duration.TotalSeconds, skipped);
}

/// <summary>What the product's audit said.</summary>
internal sealed record AuditFigures
{
    [JsonRequired]
    public long Acked { get; init; }

    [JsonRequired]
    public long Log { get; init; }

    [JsonRequired]
    public long Raw { get; init; }

    [JsonRequired]
    public long Lost { get; init; }

    [JsonRequired]
    public long Doubled { get; init; }

    [JsonRequired]
    public long Unexplained { get; init; }

    public long Copies { get; init; }

    public IReadOnlyList<string> Differences { get; init; } = [];
}
