using System.Diagnostics.Metrics;
using System.Globalization;
using Telemetry.Observability.Metrics;
using Telemetry.Query.Health;

namespace Telemetry.Host.Figures;

/// <summary>Lag of the groups as gauges on <c>/metrics</c>, and read back from there. Meter "Telemetry.Host".</summary>
internal sealed class LagMetrics : IDisposable
{
    /// <summary>Names as Prometheus' text has them.</summary>
    public const string Records = "telemetry_pipeline_lag_records";
    public const string Age = "telemetry_pipeline_lag_age_seconds";

    private readonly Meter _meter = new("Telemetry.Host");

    public LagMetrics(Func<IReadOnlyList<PipelineLag>> lag)
    {
        _meter.CreateObservableGauge(
            "telemetry.pipeline.lag.records", () => lag().Select(l => new Measurement<long>(l.Records, Tags(l))), "{record}",
            "Records on the log that the group has not done yet, by partition.");
        _meter.CreateObservableGauge(
            "telemetry.pipeline.lag.age", () => lag().Select(l => new Measurement<double>(l.Seconds, Tags(l))), "s",
            "Age of the oldest of these records.");
    }

    public static IReadOnlyList<PipelineLag> Read(MetricsText text)
    {
        var ages = text.Series.Where(s => s.Name == Age).ToDictionary(s => Key(s.Tags), s => s.Value);
        return
        [
            .. text.Series.Where(s => s.Name == Records).Select(s => new PipelineLag(
                s.Tags.GetValueOrDefault("group", ""),
                s.Tags.GetValueOrDefault("topic", ""),
                int.Parse(s.Tags.GetValueOrDefault("partition", "0"), CultureInfo.InvariantCulture),
                (long)s.Value,
                ages.GetValueOrDefault(Key(s.Tags)))),
        ];
    }

    public void Dispose() => _meter.Dispose();

    private static string Key(IReadOnlyDictionary<string, string> tags) =>
        $"{tags.GetValueOrDefault("group")} {tags.GetValueOrDefault("topic")} {tags.GetValueOrDefault("partition")}";

    private static KeyValuePair<string, object?>[] Tags(PipelineLag lag) =>
        [new("group", lag.Group), new("topic", lag.Topic), new("partition", lag.Partition)];
}
