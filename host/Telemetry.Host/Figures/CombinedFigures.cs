using Telemetry.Query.Health;

namespace Telemetry.Host.Figures;

/// <summary>Figures of this process and of others together.</summary>
internal sealed class CombinedFigures(IPipelineFigures own, IPipelineFigures others) : IPipelineFigures
{
    /// <inheritdoc/>
    public IReadOnlyList<PipelineLag> Lag => [.. own.Lag.Concat(others.Lag).DistinctBy(l => (l.Group, l.Topic, l.Partition))];

    /// <inheritdoc/>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken)
    {
        await others.RefreshAsync(cancellationToken);
        await own.RefreshAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public double Sum(string instrument) => own.Sum(instrument) + others.Sum(instrument);

    /// <inheritdoc/>
    public LatencyCounts Latency(string instrument)
    {
        // Who asks others runs apart from what is measured: only coarse buckets come over HTTP, and its own are empty.
        var (mine, theirs) = (own.Latency(instrument), others.Latency(instrument));
        return mine.Counts.Sum() > 0 ? mine : theirs;
    }
}
