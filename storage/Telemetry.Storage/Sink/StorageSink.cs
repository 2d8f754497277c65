using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.Faults;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.Storage.Sink;

/// <summary>
/// Writes the readings of the log into ClickHouse, each exactly once in raw and in every rollup, whatever dies when: the
/// tables themselves say which log offsets they hold, and every start begins by comparing. After an error it starts again,
/// with growing pauses; it never skips. Anomalies and device events have sinks of their own in it.
/// The schema must be there (<see cref="Schema.SchemaMigrator"/>), and the topics readings, anomalies, device events, dead letters and
/// sink state. Several processes may write one server: they share the log's partitions and fence each other off. With a cluster of several
/// shards a sink stores the partitions of the shard it is connected to, and there is one for each shard.
/// </summary>
public sealed class StorageSink : IAsyncDisposable
{
    private readonly IRecordLog _log;
    private readonly IClickHouse _clickHouse;
    private readonly SinkOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly IReadingSchemas _schemas;
    private readonly SinkMetrics _metrics = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile SinkSession? _session;
    private volatile string? _lastError;
    private IReadOnlyList<Task> _loops = [];
    private IReadOnlyList<EventSink> _events = [];

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
        _schemas = schemas ?? ReleasedReadingSchemas.Instance;
        _log = log;
        _clickHouse = clickHouse;
        _options = options;
        _logger = loggerFactory.CreateLogger<StorageSink>();
        _time = time;
        _metrics.ObserveLag(() => (_session?.Lags ?? []).Select(l => new Measurement<double>(
            l.Lag.TotalSeconds, new KeyValuePair<string, object?>("partition", l.Partition))));
    }

    /// <summary>Event time to queryable row, weighted by readings, since the start. Refills by recovery do not count.</summary>
    public LatencyHistogram EndToEnd => _metrics.EndToEnd;

    /// <summary>How far the sink is, by partition; empty while it does not run.</summary>
    public IReadOnlyList<SinkProgress> Progress => _session?.Progress ?? [];

    /// <summary>True: recovered and writing.</summary>
    public bool IsReady => _session?.IsReady ?? false;

    /// <summary>Why it is not ready, for people; null when it is.</summary>
    public string? NotReadyReason => IsReady
        ? null
        : _session is { IsDiskLow: true }
            ? $"less than {_options.FreeDiskBytesMin} bytes free on the store's disk"
            : _lastError ?? "starting: comparing the store with the log";

    /// <summary>
    /// Completes with the cause when the sink cannot run and no retry mends it (<see cref="Fault.EndsProcess"/>); the process should end.
    /// </summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>Begins; returns at once. <see cref="WaitUntilReadyAsync"/> tells when recovery is done.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _events =
        [
            new EventSink(_log, _clickHouse, EventTables.Anomalies, _options, _metrics, _logger, _time),
            new EventSink(_log, _clickHouse, EventTables.DeviceEvents, _options, _metrics, _logger, _time),
        ];
        _loops = [StartLoop(RunReadingsAsync), .. _events.Select(e => StartLoop(() => RunAsync(e.RunAsync)))];
        return Task.CompletedTask;
    }

    /// <summary>On the starter's scheduler: the host gives each role threads of its own.</summary>
    private static Task StartLoop(Func<Task> loop) =>
        Task.Factory.StartNew(loop, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();

    /// <summary>Completes when the first recovery is done.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellationToken) => _ready.Task.WaitAsync(cancellationToken);

    /// <summary>Completes when everything consumed before is in raw and all rollups and behind a checkpoint.</summary>
    /// <exception cref="OperationCanceledException">The token fired, or the sink failed meanwhile (it starts again by itself).</exception>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await WaitUntilReadyAsync(cancellationToken);
        foreach (var sink in _events)
        {
            await sink.CatchUpAsync(all: false, cancellationToken);
        }

        var session = _session ?? throw new OperationCanceledException("The sink is starting again after an error.");
        await session.DrainAsync().WaitAsync(cancellationToken);
    }

    /// <summary>Starts, stores everything that is in the log now, and stops.</summary>
    public async Task RunToEndAsync(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        await WaitUntilReadyAsync(cancellationToken);
        foreach (var sink in _events)
        {
            await sink.CatchUpAsync(all: true, cancellationToken);
        }

        var partitions = await _log.QueryPartitionCountAsync(KafkaTopics.Readings, cancellationToken);
        for (var i = 0; i < partitions; i++)
        {
            var high = (await _log.QueryOffsetsAsync(new TopicPartition(KafkaTopics.Readings, i), cancellationToken)).High;
            while (_session?.Holds(i) != false && !Progress.Any(p => p.Partition == i && p.ConsumedNext >= high) && high > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), _time, cancellationToken);
            }
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
                // The sink failed meanwhile and starts again by itself.
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
            if (_ready.Task.IsCompletedSuccessfully)
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

    private Task RunReadingsAsync() => RunAsync(async (running, cancellationToken) =>
    {
        await using var session = new SinkSession(_log, _clickHouse, _options, _metrics, _logger, _time, _schemas)
        {
            Recovered = () =>
            {
                _lastError = null;
                _ready.TrySetResult();
                running();
            },
        };
        _session = session;
        try
        {
            await session.RunAsync(cancellationToken);
        }
        finally
        {
            _session = null;
        }
    });

    /// <summary>
    /// Runs sessions one after the other, with a pause after an error that grows until one has run well for a while. Ends with
    /// <see cref="Failed"/> when no retry can help.
    /// </summary>
    private async Task RunAsync(Func<Action, CancellationToken, Task> session)
    {
        var pause = new RestartPause(_options.RetryMin, _options.RetryMax, well: _options.RetryMax, _time);
        var ranBefore = false;
        while (!_stop.IsCancellationRequested)
        {
            pause.Started();
            try
            {
                await session(() => ranBefore = true, _stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _lastError = e.Message;
                _metrics.Restarted();
                if (Fault.EndsProcess(e, ranBefore))
                {
                    Log.SinkCannotRun(_logger, Fault.Explain(e), e);
                    _failed.TrySetResult(e);
                    _ready.TrySetException(e);
                    return;
                }

                var delay = pause.Failed();
                Log.SinkFailed(_logger, delay, e.Message, e);
                await Task.Delay(delay, _time, _stop.Token).ContinueWith(
                    static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }
}
