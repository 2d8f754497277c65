using Telemetry.Host.Metrics;
using Telemetry.Query.Health;

namespace Telemetry.Host.Composition;

/// <summary>Figures of the modules in this process.</summary>
internal sealed class LocalFigures(MetricsRegistry metrics, IReadOnlyList<RoleModule> modules) : IPipelineFigures
{
    public const string EndToEndInstrument = "telemetry.e2e.latency";

    /// <inheritdoc/>
    public IReadOnlyList<PipelineLag> Lag { get; private set; } = [];

    /// <inheritdoc/>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken)
    {
        metrics.Refresh();
        var lags = new List<PipelineLag>();
        foreach (var module in modules)
        {
            lags.AddRange(await module.QueryLagAsync(cancellationToken));
        }

        Lag = lags;
    }

    /// <inheritdoc/>
    public double Sum(string instrument) => metrics.Sum(instrument);

    /// <inheritdoc/>
    public LatencyCounts Latency(string instrument) =>
        instrument == EndToEndInstrument && modules.Select(m => m.EndToEnd).FirstOrDefault(h => h is not null) is { } fine
            ? new LatencyCounts(fine.Snapshot(), IsFine: true)
            : new LatencyCounts(metrics.Buckets(instrument), IsFine: false);
}
