using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts.Faults;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Merging;
using Telemetry.Storage.Writing;
using Telemetry.Streams;

namespace Telemetry.Storage.Sink;

/// <summary>
/// Writes the readings of the log into ClickHouse, each exactly once in raw and in every rollup, whatever dies when: the
/// tables themselves say which log offsets they hold, and every start begins by comparing. After an error it starts again,
/// with growing pauses; it never skips. Anomalies and device events go the same way, each stream by itself.
/// The schema must be there (<see cref="Schema.SchemaMigrator"/>), and the topics readings, anomalies, device events, dead letters and
/// sink state. Several processes may write one server: they share the log's partitions and fence each other off. With a cluster of several
/// shards a sink stores the partitions of the shard it is connected to, and there is one for each shard.
/// </summary>
public sealed class StorageSink : IAsyncDisposable
{
    private readonly SinkOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly SinkMetrics _metrics = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SinkRunner _readings;
    private readonly ClosedMonths _months;
    private readonly IReadOnlyList<SinkRunner> _runners;
    private IReadOnlyList<Task> _loops = [];

    /// <param name="log">Where the readings are.</param>
    /// <param name="clickHouse">Where they go.</param>
    /// <param name="options">How much at a time.</param>
    /// <param name="loggerFactory">Told of state changes only.</param>
    /// <param name="time">The clock of intervals.</param>
    /// <param name="schemas">Layouts by schema id; null: the released ids.</param>
    public StorageSink(
        IRecordLog log,
        IClickHouse clickHouse,
        SinkOptions options,
        ILoggerFactory loggerFactory,
        TimeProvider time,
        IReadingSchemas? schemas = null)
    {
        _options = options;
        _logger = loggerFactory.CreateLogger<StorageSink>();
        _time = time;
        IEnumerable<SinkStream> streams =
        [
            new ReadingStream(schemas ?? ReleasedReadingSchemas.Instance), .. EventTables.All.Select(t => new EventStream(t)),
        ];
        _runners = [.. streams.Select(s => new SinkRunner(log, clickHouse, s, options, _metrics, e => _failed.TrySetResult(e), _logger, time))];
        _readings = _runners[0];
        clickHouse.BeforeRead(options.UnreadAfter, () => Task.WhenAll(_runners.Select(r => r.RefreshAsync())));
        _months = new ClosedMonths(clickHouse, options.ClosedMonths, _metrics.MonthMerged, _logger, time);
        _metrics.ObserveLag(() => (_readings.Session?.Lags ?? []).Select(l => new Measurement<double>(
            l.Lag.TotalSeconds, new KeyValuePair<string, object?>("partition", l.Partition))));
        _metrics.ObserveNotChecked(() => _runners.Sum(r => (long)(r.Session?.PartsNotChecked ?? 0)));
    }

    /// <summary>Event time to queryable row, weighted by readings, since the start. Refills by recovery do not count.</summary>
    public LatencyHistogram EndToEnd => _metrics.EndToEnd;

    /// <summary>How far the sink is with readings, by partition; empty while it does not run.</summary>
    public IReadOnlyList<SinkProgress> Progress => _readings.Session?.Progress ?? [];

    /// <summary>True: readings and all kinds of events are recovered and being written.</summary>
    public bool IsReady => _runners.All(r => r.IsReady);

    /// <summary>Why it is not ready, for people; null when it is.</summary>
    public string? NotReadyReason
    {
        get
        {
            var reasons = _runners.Select(r => (r.Stream.Topic, Reason: r.NotReadyReason)).Where(r => r.Reason is not null).Select(r => $"{r.Topic}: {r.Reason}").ToList();
            return reasons.Count == 0 ? null : string.Join("; ", reasons);
        }
    }

    /// <summary>What an operator should know although readings are taken, such as parts that cannot be read back; null when there is nothing.</summary>
    public string? Note
    {
        get
        {
            var notes = _runners.Select(r => r.Session?.Note).OfType<string>().ToList();
            return notes.Count == 0 ? null : string.Join("; ", notes);
        }
    }

    /// <summary>
    /// Completes with the cause when the sink cannot run and no retry mends it (<see cref="Fault.EndsProcess"/>); the process should end.
    /// </summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>Begins; returns at once. <see cref="WaitUntilReadyAsync"/> tells when recovery is done.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _loops = [.. _runners.Select(r => StartLoop(() => r.RunAsync(_stop.Token)))];
        if (_options.ClosedMonths.Enabled)
        {
            _loops = [.. _loops, StartLoop(() => _months.RunAsync(() => _readings.Session is { IsFirst: true }, _stop.Token))];
        }

        return Task.CompletedTask;
    }

    /// <summary>Completes when the first recovery of readings is done.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellationToken) => _readings.Recovered.WaitAsync(cancellationToken);

    /// <summary>Completes when everything consumed before is in all tables and behind a checkpoint.</summary>
    /// <exception cref="OperationCanceledException">The token fired, or a sink failed meanwhile (it starts again by itself).</exception>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await WaitUntilReadyAsync(cancellationToken);
        await Task.WhenAll(_runners.Select(r => r.DrainAsync())).WaitAsync(cancellationToken);
    }

    /// <summary>Starts, stores everything that is in the log now, and stops.</summary>
    public async Task RunToEndAsync(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        await WaitUntilReadyAsync(cancellationToken);
        foreach (var runner in _runners)
        {
            await runner.CatchUpAsync(cancellationToken);
        }

        for (var drained = false; !drained;)
        {
            try
            {
                await DrainAsync(cancellationToken);
                drained = true;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // A sink failed meanwhile and starts again by itself.
                await Task.Delay(_options.RetryMin, _time, cancellationToken);
            }
        }

        await StopAsync(cancellationToken);
    }

    /// <summary>Stops taking records, writes what was taken, commits and closes.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_loops.Count == 0)
        {
            return;
        }

        var drained = false;
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(_options.DrainTimeout);
            if (_readings.Recovered.IsCompletedSuccessfully)
            {
                await DrainAsync(deadline.Token);
                drained = true;
            }
        }
        catch (OperationCanceledException)
        {
            // What is not written is in the log and will be read again.
            drained = false;
        }

        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _loops = [];
        Log.SinkStopped(_logger, drained);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _metrics.Dispose();
        _stop.Dispose();
    }

    /// <summary>On the starter's scheduler: the host gives each role threads of its own.</summary>
    private static Task StartLoop(Func<Task> loop) =>
        Task.Factory.StartNew(loop, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();
}
