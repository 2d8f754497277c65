using System.Runtime.ExceptionServices;
using Telemetry.Streams.Journal.Commits;
using Telemetry.Streams.Journal.Consumers;
using Telemetry.Streams.Journal.Core;
using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Producers;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Maintenance;

/// <summary>Runs retention, compaction and timeouts, in intervals of the log's clock or when asked.</summary>
internal sealed class LogMaintenance(
    JournalCore log, Func<(List<ConsumerGroup> Groups, List<JournalTransactionalProducer> Producers)> clients, IJournalFiles files,
    TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private Exception? _failure;

    public void Start()
    {
        if (log.Options.MaintenanceInterval > TimeSpan.Zero)
        {
            _loop = LoopAsync();
        }
    }

    /// <summary>Why the last round did not do all of its work; null when it did.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    public async Task RunAsync(bool compactAlways, CancellationToken cancellationToken)
    {
        log.Writer.ThrowIfUnusable();
        var now = time.GetUtcNow();
        EndSilent(now);

        // Before the round of the writer below, so that what these transactions appended is in the files after it.
        var ended = log.Commits.Transactions.EndedBelow;

        // A round of the writer closes segments that are old, also when nothing is appended.
        await log.Writer.SubmitAsync(new CommitRequest(null, [])).WaitAsync(cancellationToken);
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_stop.IsCancellationRequested)
            {
                throw JournalWriter.Closed();
            }

            Maintain(now, ended, compactAlways, cancellationToken);
            Volatile.Write(ref _failure, null);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Volatile.Write(ref _failure, error);
            log.Metrics.MaintenanceFailed();
            throw;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Does something while no file goes away.</summary>
    public async Task HoldAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await work();
        }
        finally
        {
            _one.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;

        // One that was asked for may still be at it. Those behind it find that the log is closing.
        await _one.WaitAsync();
        _one.Release();
        _stop.Dispose();
    }

    private async Task LoopAsync()
    {
        using var timer = new PeriodicTimer(log.Options.MaintenanceInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    await Task.Run(() => RunAsync(compactAlways: false, _stop.Token), _stop.Token);
                }
                catch (Exception error)
                {
                    if (_stop.IsCancellationRequested)
                    {
                        return;
                    }

                    // Whatever it was, the next tick, an interval later, tries again: without maintenance the disk fills up.
                    log.Logger.MaintenanceFailed(error);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    // What fails in one topic does not keep the others from their turn.
    private void Maintain(DateTimeOffset now, long ended, bool compactAlways, CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        foreach (var topic in log.Topics.All)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                Retain(topic, now);
                if (topic.Spec.Compacted)
                {
                    Compact(topic, now, compactAlways, cancellationToken);
                }
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                failures.Add(error);
            }
        }

        // Only after a round without a failure, and with all removals durable: a start must not find a file again whose
        // aborted ids are forgotten.
        if (failures.Count == 0)
        {
            foreach (var topic in log.Topics.All)
            {
                files.SyncDirectory(topic.Directory);
            }

            log.Commits.Transactions.Forget(
                ended, [.. log.Topics.All.SelectMany(topic => topic.Segments).Select(segment => segment.Transactions)]);
        }
        else if (failures.Count == 1)
        {
            ExceptionDispatchInfo.Throw(failures[0]);
        }
        else
        {
            throw new AggregateException(failures);
        }
    }

    private void EndSilent(DateTimeOffset now)
    {
        var (groups, producers) = clients();
        groups.ForEach(group => group.Evict());
        foreach (var producer in producers)
        {
            if (producer.FenceIfOlder(now - log.Options.TransactionTimeout))
            {
                log.Logger.TransactionTimedOut(producer.TransactionalId);
            }
        }
    }

    private void Retain(JournalTopic topic, DateTimeOffset now)
    {
        var (segments, bytes) = Retention.Enforce(topic, files, now);
        if (segments > 0)
        {
            log.Metrics.Removed(bytes, topic.Name);
            log.Logger.SegmentsRemoved(segments, bytes, topic.Name);
        }
    }

    private void Compact(JournalTopic topic, DateTimeOffset now, bool always, CancellationToken cancellationToken)
    {
        if (new Compactor(topic, files, log.Commits.Transactions, log.Options).Run(now, always, cancellationToken) is { } sizes)
        {
            log.Logger.Compacted(topic.Name, sizes.Before, sizes.After);
        }
    }
}
