using Telemetry.Observability.Lag;
using Telemetry.Query.Operations;
using Telemetry.Streams;

namespace Telemetry.Host.Operations;

/// <summary>Lag as the API gives it, and back.</summary>
internal static class LagViews
{
    public static LagView Of(LagSample sample, DateTimeOffset now) => new(
        now,
        [
            .. sample.Groups.Select(l => new GroupLagView(
                l.Group, l.Partition.Topic, l.Partition.Partition, l.Committed, l.Records, Math.Round(l.Age.TotalSeconds, 3))),
        ],
        [.. Least(sample).Select(w => new WatermarkView(w.Stage, w.Time, Math.Round(w.Lag.TotalSeconds, 3)))]);

    public static LagSample Read(LagView view) => new(
        [.. view.Groups.Select(g => new GroupLag(g.Group, new TopicPartition(g.Topic, g.Partition), g.Committed, g.Records, TimeSpan.FromSeconds(g.Seconds)))],
        [.. view.Watermarks.Select(w => new LagWatermark(w.Stage, 0, w.Time, TimeSpan.FromSeconds(w.LagSeconds)))]);

    /// <summary>A stage is where its slowest partition is.</summary>
    public static IEnumerable<LagWatermark> Least(LagSample sample) =>
        sample.Watermarks.GroupBy(w => w.Stage).Select(stage => stage.MinBy(w => w.Time));
}
