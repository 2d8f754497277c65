using Telemetry.Streams;

namespace Telemetry.Observability.Lag;

/// <summary>
/// Watermark of a stage in one partition: every reading measured before <paramref name="Time"/> that reached the log within the
/// allowed delay is done there.
/// </summary>
/// <param name="Stage">One of <see cref="LagStage"/>.</param>
/// <param name="Partition">Partition of the readings.</param>
/// <param name="Time">The watermark, in event time.</param>
/// <param name="Lag">Now less the watermark; the allowed delay when everything on the log is done.</param>
public readonly record struct LagWatermark(string Stage, int Partition, DateTimeOffset Time, TimeSpan Lag)
{
    /// <summary>
    /// What reached the log before its oldest record not done is done; a reading measured the allowed delay earlier reached it
    /// before that, unless it was late. An idle partition is done up to now.
    /// </summary>
    /// <param name="stage">Stage.</param>
    /// <param name="lags">Lag of the stage, partition by partition.</param>
    /// <param name="asked">When the log was asked, before its answers: nothing later is claimed.</param>
    /// <param name="allowedDelay">How long a reading may take from its device to the log.</param>
    public static IEnumerable<LagWatermark> Of(
        string stage, IEnumerable<PartitionLag> lags, DateTimeOffset asked, TimeSpan allowedDelay) => lags.Select(lag =>
        new LagWatermark(stage, lag.Partition.Partition, asked - lag.Time - allowedDelay, lag.Time + allowedDelay));
}
