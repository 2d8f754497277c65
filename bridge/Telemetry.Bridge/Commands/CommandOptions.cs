using System.ComponentModel.DataAnnotations;

namespace Telemetry.Bridge.Commands;

/// <summary>How commands reach devices.</summary>
public sealed record CommandOptions
{
    /// <summary>Longest life of a command; an edge node that starts reads back that far. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan LifetimeMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A command without an answer is sent again after this time, then after twice, four and eight times as long. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan ResendAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest pause between two looks whether a device is connected here. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Commands waiting in one edge node; more are not taken, and logged. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int PendingMax { get; init; } = 100_000;
}
