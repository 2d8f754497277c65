using Telemetry.Streams.Journal.Commits;
using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Maintenance;

/// <summary>Runs retention, compaction and timeouts, in intervals of the log's clock or when asked.</summary>
internal sealed class LogMaintenance(JournalLog log, IJournalFiles files, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    public void Start()
    {
        if (log.Options.MaintenanceInterval > TimeSpan.Zero)
        {
            _loop = LoopAsync();
        }
    }

    public async Task RunAsync(bool compactAlways, CancellationToken cancellationToken)
    {
        log.Writer.ThrowIfUnusable();
        var now = time.GetUtcNow();
        EndSilent(now);

        // A round of the writer closes segments that are old, also when nothing is appended.
        await log.Writer.SubmitAsync(new CommitRequest(null, [])).WaitAsync(cancellationToken);
        await _one.WaitAsync(cancellationToken);
        try
        {
            foreach (var topic in log.Topics)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Retain(topic, now);
                if (topic.Spec.Compacted)
                {
                    Compact(topic, now, compactAlways, cancellationToken);
                }
            }
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

        // One that was asked for may still be at it.
        await _one.WaitAsync();
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
                catch (Exception error) when (error is RecordLogException or IOException)
                {
                    // The next tick, an interval later, tries again.
                    log.Logger.MaintenanceFailed(error);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private void EndSilent(DateTimeOffset now)
    {
        var (groups, producers) = log.Clients();
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
