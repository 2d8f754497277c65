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
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _one = new(1, 1);
    private StorageSink _sink;
    private volatile bool _standsStill;

    public StoreModule(PlatformServices services)
        : base("store")
    {
        _services = services;
        _sink = Make();
    }

    /// <summary>How far the sink is, by partition.</summary>
    public IReadOnlyList<StoredProgress> Progress =>
        [.. _sink.Progress.Select(p => new StoredProgress(p.Partition, p.RawNext, p.RolledUpNext))];

    /// <inheritdoc/>
    public override IEnumerable<string> NotReady => _standsStill || _sink.IsReady ? [] : ["storage: " + (_sink.NotReadyReason ?? "starting")];

    /// <inheritdoc/>
    public override Task Completion => FailWithSinkAsync();

    /// <inheritdoc/>
    public override IEnumerable<string> Notes => _standsStill ? ["storage: stands still for a snapshot, an audit or a replay"] : _sink.Note is { } note ? ["storage: " + note] : [];

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

    /// <summary>
    /// Does something while the store takes nothing: what was taken is stored and committed, so tables and committed offsets say the same. The log goes on,
    /// and the store catches up afterwards.
    /// </summary>
    /// <exception cref="IOException">It stands still for another already.</exception>
    public async Task StandStillAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        if (!await _one.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            throw new IOException("Another snapshot, audit or replay is under way. Try again when it has ended.");
        }

        _standsStill = true;
        try
        {
            using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20), _services.Time))
            {
                // Every stream: what one has written and not committed would look as if it came from nowhere.
                while (!_sink.IsReady)
                {
                    await timer.WaitForNextTickAsync(cancellationToken);
                }
            }

            await _sink.DrainAsync(cancellationToken);
            await _sink.StopAsync(cancellationToken);
            await work();
        }
        finally
        {
            await _sink.DisposeAsync();
            _sink = Make();
            await StartAsync(CancellationToken.None);
            _standsStill = false;
            _one.Release();
        }
    }

    /// <summary>The offset after the last record committed, by partition of the readings: where tables are while the store stands still.</summary>
    public async Task<IReadOnlyDictionary<int, long>> QueryStoredAsync(CancellationToken cancellationToken)
    {
        var partitions = Enumerable.Range(0, await _services.Log.QueryPartitionCountAsync(LogTopics.Readings, cancellationToken))
            .Select(p => new TopicPartition(LogTopics.Readings, p)).ToList();
        var committed = await _services.Log.QueryCommittedAsync(_services.Options.Sink.Group, partitions, cancellationToken);
        return committed.ToDictionary(c => c.Key.Partition, c => c.Value.Offset);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _sink.DisposeAsync();
        _one.Dispose();
        await base.DisposeAsync();
    }

    private StorageSink Make()
    {
        var options = _services.Options.Sink;
        var sink = new StorageSink(
            _services.Log,
            _services.ClickHouse!,
            options with
            {
                TransactionalId = _services.TransactionalId(options.TransactionalId),
                FenceEmbedded = options.FenceEmbedded || _services.Options.ClickHouseServer.Port is not null,
            },
            _services.Logging,
            _services.Time,
            _services.Schemas);
        _ = TellAsync(sink);
        return sink;
    }

    private async Task TellAsync(StorageSink sink) => _failed.TrySetResult(await sink.Failed);

    private async Task FailWithSinkAsync() => ExceptionDispatchInfo.Throw(await _failed.Task);

    private ValueTask<OffsetRange> QueryEndAsync(int partition, CancellationToken cancellationToken) =>
        _services.Log.QueryOffsetsAsync(new TopicPartition(LogTopics.Readings, partition), cancellationToken);
}
