using System.Diagnostics;
using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Native;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>
/// Reads Kafka. A thread of its own polls the client, and only while the caller is in <see cref="PollAsync"/>, so that a
/// caller who stands still is silent for the group too. The listener runs in the caller's poll, while the polling thread
/// waits inside the client's callback: a partition is let go only after it has returned.
/// </summary>
internal sealed class KafkaConsumer : IRecordConsumer
{
    private static readonly TimeSpan CommitRetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly KafkaContext _log;
    private readonly ConsumerOptions _options;
    private readonly PollingThread _polling;
    private readonly KafkaCursors _cursors;
    private bool _closing;
    private bool _disposed;

    public KafkaConsumer(KafkaContext log, ConsumerOptions options, KafkaOptions kafka)
    {
        (_log, _options) = (log, options);
        _cursors = new KafkaCursors();
        _polling = new PollingThread(log, options, kafka, _cursors);
    }

    public IReadOnlyList<TopicPartition> Assignment => _cursors.Ids();

    /// <summary>The client, for the group's metadata.</summary>
    public IClient Client => _polling.Client;

    public void Assign(IReadOnlyList<TopicPartition> partitions)
    {
        ThrowIfDisposed();
        if (_options.Topics.Count > 0)
        {
            throw new InvalidOperationException("This consumer subscribes to topics with a group; its partitions come from there.");
        }

        _cursors.Assign(partitions);
    }

    public async ValueTask<IReadOnlyList<LogRecord>> PollAsync(int recordsMax, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(recordsMax, 1);
        ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        var deadline = Stopwatch.GetTimestamp() + (long)(wait.TotalSeconds * Stopwatch.Frequency);
        var kind = PollRequestKind.Poll;
        while (await _polling.SendAsync(new PollRequest(kind, recordsMax, deadline, cancellationToken)) is { } rebalance)
        {
            await TellAsync(rebalance, cancellationToken);
            kind = PollRequestKind.Done;
        }

        return _polling.Records;
    }

    public long Position(TopicPartition partition)
    {
        var next = _cursors.Next(partition);
        return next == KafkaCursor.Unknown ? _cursors.Start(partition, _polling.Starts.FindThroughLosses(partition)) : next;
    }

    public void Seek(TopicPartition partition, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        _cursors.Seek(partition, offset);
    }

    public void Pause(IReadOnlyList<TopicPartition> partitions) => _cursors.SetPaused(partitions, true);

    public void Resume(IReadOnlyList<TopicPartition> partitions) => _cursors.SetPaused(partitions, false);

    public async ValueTask CommitAsync(
        IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        if (offsets.Count == 0)
        {
            return;
        }

        var copy = new Dictionary<TopicPartition, CommittedOffset>(offsets);
        var started = _log.Time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            DemandAssigned(copy.Keys);
            var error = await BlockingCall.RunAsync(() => NativeCalls.Commit(Client, copy));
            if (error == ErrorCode.NoError)
            {
                return;
            }

            if (!error.IsTransient() || _log.Time.GetElapsedTime(started) > _log.Options.RequestTimeout)
            {
                throw new RecordLogException(
                    error == ErrorCode.StaleMemberEpoch ? RecordLogError.NotAssigned : error.ToLogError(),
                    $"Group '{_options.Group}' could not commit {copy.Count} offsets: {new Error(error).Reason} ({error}).");
            }

            await Task.Delay(CommitRetryDelay, _log.Time, cancellationToken);
        }
    }

    /// <summary>Throws unless these partitions are this consumer's, as far as it knows; the broker knows better.</summary>
    public void DemandAssigned(IEnumerable<TopicPartition> partitions)
    {
        if (_options.Group is null)
        {
            throw new InvalidOperationException("A consumer without a group commits nothing.");
        }

        foreach (var partition in partitions)
        {
            _cursors.Next(partition);
        }
    }

    /// <summary>Has partitions revoked in good order, then leaves the group.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closing)
        {
            return;
        }

        // The listener still commits while partitions are revoked.
        _closing = true;
        await _polling.DisposeAsync();
        Exception? failure = null;
        var kind = PollRequestKind.Close;
        while (true)
        {
            var answer = _polling.SendAsync(new PollRequest(kind, 1, 0, CancellationToken.None));
            if (!await BlockingCall.ReturnsAsync(answer, _log.Options.RequestTimeout * 2, _log.Time))
            {
                // The group notices after the session timeout.
                _log.Logger.ClientLeftBehind();
                break;
            }

            if (await answer is not { } rebalance)
            {
                break;
            }

            try
            {
                await TellAsync(rebalance, CancellationToken.None);
            }
            catch (Exception error)
            {
                failure ??= error;
            }

            kind = PollRequestKind.DoneClose;
        }

        _disposed = true;
        _cursors.Clear();
        if (failure is not null)
        {
            throw failure;
        }
    }

    private async ValueTask TellAsync(Rebalance rebalance, CancellationToken cancellationToken)
    {
        var listener = _options.AssignmentListener!;
        try
        {
            await (rebalance.Kind switch
            {
                RebalanceKind.Assigned => listener.AssignedAsync(this, rebalance.Partitions, cancellationToken),
                RebalanceKind.Revoked => listener.RevokedAsync(this, rebalance.Partitions, cancellationToken),
                _ => listener.LostAsync(this, rebalance.Partitions, cancellationToken),
            });
        }
        catch (Exception)
        {
            // The next poll asks again; until then nobody works for us, and the group may find us silent.
            _polling.ListenerFailed();
            throw;
        }
    }

    private void ThrowIfDisposed()
    {
        if (_disposed)
        {
            throw new RecordLogException(RecordLogError.Closed, "The consumer is closed.");
        }
    }
}
