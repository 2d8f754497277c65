using System.Runtime.ExceptionServices;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Observability.Lag;
using Telemetry.Query.Health;
using Telemetry.Storage.Sink;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>From the log into ClickHouse, exactly once.</summary>
internal sealed class StoreModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly StorageSink _sink;

    public StoreModule(PlatformServices services)
        : base("store")
    {
        _services = services;
        var options = services.Options.Sink;
        _sink = new StorageSink(
            services.Log,
            services.ClickHouse!,
            options with
            {
                TransactionalId = services.TransactionalId(options.TransactionalId),
                FenceEmbedded = options.FenceEmbedded || services.Options.ClickHouseServer.Port is not null,
            },
            services.Logging,
            services.Time,
            services.Schemas);
    }

    /// <summary>How far the sink is, by partition.</summary>
    public IReadOnlyList<StoredProgress> Progress =>
        [.. _sink.Progress.Select(p => new StoredProgress(p.Partition, p.RawNext, p.RolledUpNext))];

    /// <inheritdoc/>
    public override IEnumerable<string> NotReady => _sink.IsReady ? [] : ["storage: " + (_sink.NotReadyReason ?? "starting")];

    /// <inheritdoc/>
    public override Task Completion => FailWithSinkAsync();

    /// <inheritdoc/>
    public override IEnumerable<string> Notes => _sink.Note is { } note ? ["storage: " + note] : [];

    /// <inheritdoc/>
    public override LatencyHistogram? EndToEnd => _sink.EndToEnd;

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken) =>
        RunOnOwnThreadsAsync(() => _sink.StartAsync(cancellationToken));

    /// <inheritdoc/>
    public override async Task DrainAsync(CancellationToken cancellationToken)
    {
        var ends = new Dictionary<int, long>();
        foreach (var partition in _sink.Progress.Select(p => p.Partition))
        {
            ends[partition] = (await QueryEndAsync(partition, cancellationToken)).High;
        }

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20), _services.Time);
        while (_sink.Progress.Any(p => p.ConsumedNext < ends.GetValueOrDefault(p.Partition)))
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }

        await _sink.DrainAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override Task StopAsync(CancellationToken cancellationToken) => _sink.StopAsync(cancellationToken);

    /// <summary>
    /// From the sink itself: it commits its offsets only with each checkpoint, every few seconds; what users wait for is the
    /// raw table. Ages are by the log's own time: a device's clock, ahead or behind, has no say in them.
    /// </summary>
    public override async ValueTask<IReadOnlyList<PipelineLag>> QueryLagAsync(CancellationToken cancellationToken) =>
    [
        .. (await _services.Log.QueryLagAsync(
                Progress.ToDictionary(p => new TopicPartition(LogTopics.Readings, p.Partition), p => p.RawNext), cancellationToken))
            .Select(lag => new PipelineLag(
                _services.Options.Sink.Group, lag.Partition.Topic, lag.Partition.Partition, lag.Records, lag.Time.TotalSeconds)),
    ];

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _sink.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task FailWithSinkAsync() => ExceptionDispatchInfo.Throw(await _sink.Failed);

    private ValueTask<OffsetRange> QueryEndAsync(int partition, CancellationToken cancellationToken) =>
        _services.Log.QueryOffsetsAsync(new TopicPartition(LogTopics.Readings, partition), cancellationToken);
}
