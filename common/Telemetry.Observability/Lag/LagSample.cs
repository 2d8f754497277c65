namespace Telemetry.Observability.Lag;

/// <summary>One look at the log.</summary>
/// <param name="Groups">Lag, by group and partition.</param>
/// <param name="Watermarks">Watermarks, by stage and partition.</param>
public sealed record LagSample(IReadOnlyList<GroupLag> Groups, IReadOnlyList<LagWatermark> Watermarks)
{
    public static readonly LagSample Empty = new([], []);
}
