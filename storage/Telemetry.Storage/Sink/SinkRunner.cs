using Microsoft.Extensions.Logging;
using Telemetry.Contracts.Faults;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Verification;
using Telemetry.Storage.Writing;
using Telemetry.Streams;

namespace Telemetry.Storage.Sink;

/// <summary>
/// Runs the sessions of one stream one after the other. After an error it waits before the next one, twice as long each time, until
/// a checkpoint has moved or a session has lasted for a minute after recovery: one that only gets as far as recovery has mended nothing.
/// </summary>
internal sealed class SinkRunner(
    IRecordLog log,
    IClickHouse clickHouse,
    SinkStream stream,
    SinkOptions options,
    SinkMetrics metrics,
    Action<Exception> failed,
    ILogger logger,
    TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(1);

    private readonly TaskCompletionSource _recovered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RestartPause _pause = new(options.RetryMin, options.RetryMax, Healthy, time);
    private volatile SinkSession? _session;
    private volatile string? _lastError;

    public SinkStream Stream => stream;

    /// <summary>The session under way; null between two.</summary>
    public SinkSession? Session => _session;

    /// <summary>Completes with the first recovery.</summary>
    public Task Recovered => _recovered.Task;

    public bool IsReady => _session?.IsReady ?? false;

    /// <summary>Why it is not ready, for people; null when it is.</summary>
    public string? NotReadyReason => IsReady
        ? null
        : _session is { IsDiskLow: true }
            ? $"less than {options.FreeDiskBytesMin} bytes free on the store's disk"
            : _lastError ?? "starting: comparing the store with the log";

    /// <summary>Runs until the token fires, or an error comes that no retry can mend.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await RunSessionAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _lastError = e.Message;
                metrics.Restarted();
                if (Fault.EndsProcess(e, ranBefore: _recovered.Task.IsCompletedSuccessfully))
                {
                    Log.SinkCannotRun(logger, Fault.Explain(e), e);
                    failed(e);
                    _recovered.TrySetException(e);
                    return;
                }

                var pause = _pause.Failed();
                Log.SinkFailed(logger, stream.Topic, pause, e.Message, e);
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Completes when what was consumed before is in all tables and behind a checkpoint.</summary>
    /// <exception cref="OperationCanceledException">The sink failed; it starts again by itself.</exception>
    public Task DrainAsync() => _session?.DrainAsync() ?? throw new OperationCanceledException("The sink is starting again after an error.");

    /// <summary>Completes when what was consumed before is in the main table, or the session has ended.</summary>
    public Task RefreshAsync() => _session?.RefreshAsync() ?? Task.CompletedTask;

    /// <summary>Completes when what is in the log now has been consumed, in the partitions of this sink's shard.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        var partitions = await log.QueryPartitionCountAsync(stream.Topic, cancellationToken);
        for (var i = 0; i < partitions; i++)
        {
            var high = (await log.QueryOffsetsAsync(new TopicPartition(stream.Topic, i), cancellationToken)).High;
            while (high > 0 && _session?.Holds(i) != false && !(_session?.Progress ?? []).Any(p => p.Partition == i && p.ConsumedNext >= high))
            {
                await Task.Delay(Look, time, cancellationToken);
            }
        }
    }

    private async Task RunSessionAsync(CancellationToken cancellationToken)
    {
        await using var session = new SinkSession(log, clickHouse, stream, options, metrics, logger, time)
        {
            Recovered = () =>
            {
                _lastError = null;
                _pause.Started();
                _recovered.TrySetResult();
            },
            Progressed = _pause.Progressed,
        };
        _session = session;
        try
        {
            await session.RunAsync(cancellationToken);
        }
        catch (ClickHouseException error) when (CorruptionCodes.Contains(error.Code))
        {
            await session.CheckPartAsync(error, cancellationToken);
            throw;
        }
        finally
        {
            _session = null;
        }
    }
}
