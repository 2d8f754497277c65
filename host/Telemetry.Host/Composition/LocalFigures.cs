using Telemetry.Contracts;
using Telemetry.Host.Configuration;
using Telemetry.Host.Metrics;
using Telemetry.Query.Health;
using Telemetry.Storage.Sink;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>Figures of the roles in this process.</summary>
internal sealed class LocalFigures(
    IRecordLog log, Roles roles, TelemetryOptions options, MetricsRegistry metrics, Func<StorageSink?> sink, TimeProvider time) : IPipelineFigures
{
    public const string EndToEndInstrument = "telemetry.e2e.latency";

    /// <summary>Others tell how far they are; who answers for the whole pipeline asks the log for those too.</summary>
    private bool WatchesProcessing => roles.HasFlag(Roles.Process) || (options.IsKafka && roles.HasFlag(Roles.Query));

    private bool WatchesStorage => roles.HasFlag(Roles.Store) || (options.IsKafka && roles.HasFlag(Roles.Query) && options.Http.Peers.Count == 0);

    /// <inheritdoc/>
    public IReadOnlyList<PipelineLag> Lag { get; private set; } = [];

    /// <inheritdoc/>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken)
    {
        metrics.Refresh();
        var lags = new List<PipelineLag>();
        if (WatchesProcessing)
        {
            lags.AddRange(await QueryLagAsync(options.Processing.Group, cancellationToken));
        }

        if (WatchesStorage && sink() is null)
        {
            lags.AddRange(await QueryLagAsync(options.Sink.Group, cancellationToken));
        }

        foreach (var progress in sink()?.Progress ?? [])
        {
            lags.Add(await ReadRawLagAsync(options.Sink.Group, progress, cancellationToken));
        }

        Lag = lags;
    }

    /// <inheritdoc/>
    public double Sum(string instrument) => metrics.Sum(instrument);

    /// <inheritdoc/>
    public LatencyCounts Latency(string instrument) => instrument == EndToEndInstrument && sink() is { } here
        ? new LatencyCounts(here.EndToEnd.Snapshot(), IsFine: true)
        : new LatencyCounts(metrics.Buckets(instrument), IsFine: false);

    private async ValueTask<IEnumerable<PipelineLag>> QueryLagAsync(string group, CancellationToken cancellationToken) =>
        (await log.QueryLagAsync(group, KafkaTopics.Readings, cancellationToken))
        .Select(lag => new PipelineLag(group, lag.Partition.Topic, lag.Partition.Partition, lag.Records, lag.Time.TotalSeconds));

    /// <summary>
    /// Storage commits its offsets only with each checkpoint, every few seconds; what users wait for is the raw table.
    /// </summary>
    private async ValueTask<PipelineLag> ReadRawLagAsync(string group, SinkProgress progress, CancellationToken cancellationToken)
    {
        var place = new TopicPartition(KafkaTopics.Readings, progress.Partition);
        var high = (await log.QueryOffsetsAsync(place, cancellationToken)).High;
        var records = Math.Max(0, high - progress.RawNext);
        var newest = progress.NewestEventTimeMicroseconds;
        var age = records == 0 || newest == 0
            ? 0
            : Math.Max(0, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds - (newest / 1e6));
        return new PipelineLag(group, place.Topic, place.Partition, records, age);
    }
}
