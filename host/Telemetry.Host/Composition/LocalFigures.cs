using Telemetry.Host.Figures;
using Telemetry.Observability.Metrics;
using Telemetry.Query.Health;

namespace Telemetry.Host.Composition;

/// <summary>Figures of the modules in this process.</summary>
internal sealed class LocalFigures(FigureReader reader, IReadOnlyList<RoleModule> modules) : IPipelineFigures
{
    /// <inheritdoc/>
    public IReadOnlyList<PipelineLag> Lag { get; private set; } = [];

    /// <inheritdoc/>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken)
    {
        reader.Refresh();
        var lags = new List<PipelineLag>();
        foreach (var module in modules)
        {
            lags.AddRange(await module.QueryLagAsync(cancellationToken));
        }

        Lag = lags;
    }

    /// <inheritdoc/>
    public double Sum(string instrument) => reader.Sum(instrument);

    /// <inheritdoc/>
    public LatencyCounts Latency(string instrument) =>
        instrument == PipelineSampler.EndToEndInstrument && modules.Select(m => m.EndToEnd).FirstOrDefault(h => h is not null) is { } fine
            ? new LatencyCounts(fine.Snapshot(), IsFine: true)
            : new LatencyCounts(reader.Buckets(instrument), IsFine: false);
}
