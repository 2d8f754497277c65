namespace Telemetry.Host.Metrics;

/// <summary>One look at the log.</summary>
/// <param name="Groups">Lag, by group and partition.</param>
/// <param name="Watermarks">Watermarks, by stage and partition.</param>
internal sealed record LagSample(IReadOnlyList<GroupLag> Groups, IReadOnlyList<LagWatermark> Watermarks)
{
    public static readonly LagSample Empty = new([], []);
}
