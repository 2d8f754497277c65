using System.Diagnostics;
using Telemetry.Streams.Journal.Commits;
using Telemetry.Streams.Journal.Core;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Consumers;

/// <summary>Reads the journal; one thread at a time.</summary>
internal sealed class JournalConsumer : IRecordConsumer, ITopicReader
{
    /// <summary>How long past its wait a poll may go on through records that are not for it.</summary>
    private static readonly TimeSpan Overtime = TimeSpan.FromSeconds(1);

    private readonly JournalCore _log;
    private readonly ConsumerOptions _options;
    private readonly ConsumerGroup? _group;
    private readonly RecordFetcher _fetcher;
    private readonly List<PartitionCursor> _cursors = [];
    private readonly List<LogRecord> _records = [];
    private readonly SemaphoreSlim _wake = new(0, 1);
    private string? _memberId;
    private List<TopicPartition> _untold = [];
    private IReadOnlyList<TopicPartition> _lost = [];
    private int _seenVersion = -1;
    private int _waking;
    private volatile bool _polling;
    private bool _disposed;

    public JournalConsumer(JournalCore log, ConsumerOptions options, ConsumerGroup? group)
    {
        (_log, _options, _group) = (log, options, group);
        _fetcher = new RecordFetcher(options.ReadCommitted, log.Options.ReadBytes, log.Commits.Transactions, Reset);
    }

    public IReadOnlyList<TopicPartition> Assignment => [.. _cursors.Select(cursor => cursor.Id)];

    /// <summary>True inside <see cref="PollAsync"/>: a member that waits is not silent.</summary>
    public bool IsPolling => _polling;

    public void Assign(IReadOnlyList<TopicPartition> partitions)
    {
        ThrowIfDisposed();
        if (_options.Topics.Count > 0)
        {
            throw new InvalidOperationException("This consumer subscribes to topics with a group; its partitions come from there.");
        }

        var old = _cursors.ToDictionary(cursor => cursor.Id);
        var wanted = partitions.Select(partition => old.GetValueOrDefault(partition) ?? Open(partition)).ToList();
        SetCursors(wanted);
    }

    public async ValueTask<IReadOnlyList<LogRecord>> PollAsync(int recordsMax, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(recordsMax, 1);
        ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        _polling = true;
        try
        {
            _records.Clear();
            _fetcher.Release();
            var started = Stopwatch.GetTimestamp();
            while (true)
            {
                _log.Writer.ThrowIfUnusable();
                ForgetWakeUp();
                await ReconcileAsync(cancellationToken);
                var more = _fetcher.Fetch(_cursors, _records, recordsMax);
                if (_records.Count > 0)
                {
                    _log.Metrics.Read(_records.Count, _fetcher.BytesRead, _options.Group);
                    return _records;
                }

                // Neither the end nor a reason to wait: an empty answer says that there was nothing to read.
                _fetcher.Release();
                var left = wait - Stopwatch.GetElapsedTime(started);
                if (more)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (wait > TimeSpan.Zero && left < -Overtime)
                    {
                        // Gigabytes of others' records: who waits does other work between polls, and comes back to where this one stopped.
                        return _records;
                    }

                    continue;
                }

                if (left <= TimeSpan.Zero || !await _wake.WaitAsync(left, cancellationToken))
                {
                    return _records;
                }
            }
        }
        finally
        {
            _polling = false;
            if (_memberId is not null)
            {
                _group!.Beat(_memberId);
            }
        }
    }

    public long Position(TopicPartition partition) => Cursor(partition).Next;

    public void Seek(TopicPartition partition, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        Cursor(partition).Seek(offset);
    }

    public void Pause(IReadOnlyList<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            Cursor(partition).Paused = true;
        }
    }

    public void Resume(IReadOnlyList<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            Cursor(partition).Paused = false;
        }

        Wake();
    }

    public async ValueTask CommitAsync(
        IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        if (offsets.Count == 0)
        {
            return;
        }

        var copy = new Dictionary<TopicPartition, CommittedOffset>(offsets);
        Task? commit = null;
        AsMember(copy.Keys, group => commit = _log.Writer.SubmitAsync(
            new CommitRequest(null, [new GroupOffsets(group, copy)])));
        await commit!.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Does something with the group's name, if this consumer may commit these partitions for it, and while that holds: no
    /// partition changes hands meanwhile.
    /// </summary>
    /// <exception cref="RecordLogException">It may not.</exception>
    public void AsMember(IEnumerable<TopicPartition> partitions, Action<string> action)
    {
        var group = _group ?? throw new InvalidOperationException("A consumer without a group commits nothing.");
        group.Hold(() =>
        {
            Demand(group, partitions);
            action(group.Name);
        });
    }

    private void Demand(ConsumerGroup group, IEnumerable<TopicPartition> partitions)
    {
        if (_memberId is not null && !group.IsMember(_memberId))
        {
            throw new RecordLogException(
                RecordLogError.Fenced,
                $"This consumer is not a member of group '{group.Name}' any more: it did not poll in time and others have its partitions.");
        }

        foreach (var partition in partitions)
        {
            var owned = _options.Topics.Count == 0
                ? _cursors.Exists(cursor => cursor.Id == partition)
                : _memberId is not null && group.Owns(_memberId, partition);
            if (!owned)
            {
                throw NotAssigned(partition);
            }
        }
    }

    /// <summary>Something may have changed: records, transactions, or the group.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _waking, 1) == 0)
        {
            try
            {
                _wake.Release();
            }
            catch (SemaphoreFullException)
            {
                // A wake-up is waiting already; one is enough.
                return;
            }
        }
    }

    // What woke this poll, or would have, is looked at now.
    private void ForgetWakeUp()
    {
        if (Volatile.Read(ref _waking) != 0)
        {
            _wake.Wait(0);
            Interlocked.Exchange(ref _waking, 0);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        try
        {
            if (_memberId is not null && _group!.IsMember(_memberId) && _cursors.Count > 0)
            {
                await (_options.AssignmentListener?.RevokedAsync(this, Assignment, CancellationToken.None) ?? default);
            }
        }
        finally
        {
            _disposed = true;
            SetCursors([]);
            _group?.Leave(_memberId ?? "");
            _fetcher.Dispose();
        }
    }

    private async ValueTask ReconcileAsync(CancellationToken cancellationToken)
    {
        if (_group is null || _options.Topics.Count == 0)
        {
            return;
        }

        if (_memberId is null || !_group.Beat(_memberId))
        {
            await LoseAllAsync(cancellationToken);
            _memberId = Guid.NewGuid().ToString("N");
            _group.Join(_memberId, this, _options.Topics, topic => _log.Topics.Get(topic).Spec.Partitions);
        }

        await TellAssignedAsync(cancellationToken);
        while (_seenVersion != _group.Version)
        {
            // Noted only at the end: what a listener's failure interrupts is done again in the next poll.
            var version = _group.Version;
            var (revoke, take) = _group.Plan(_memberId);
            if (revoke.Count > 0)
            {
                await (_options.AssignmentListener?.RevokedAsync(this, revoke, cancellationToken) ?? default);
                SetCursors([.. _cursors.Where(cursor => !revoke.Contains(cursor.Id))]);
                _group.Release(_memberId, revoke);
            }

            _untold = _group.Take(_memberId, take);
            await TellAssignedAsync(cancellationToken);
            _seenVersion = version;
        }
    }

    // Until the listener has taken note without a failure, every poll tells it again and returns no records.
    private async ValueTask TellAssignedAsync(CancellationToken cancellationToken)
    {
        if (_untold.Count == 0)
        {
            return;
        }

        // Commits of the former owner that are under way count before its offsets are read.
        await _log.Writer.SubmitAsync(new CommitRequest(null, []));
        SetCursors([.. _cursors.Where(cursor => !_untold.Contains(cursor.Id)), .. _untold.Select(Open)]);
        await (_options.AssignmentListener?.AssignedAsync(this, _untold, cancellationToken) ?? default);
        _untold = [];
    }

    private async ValueTask LoseAllAsync(CancellationToken cancellationToken)
    {
        if (_cursors.Count > 0)
        {
            _lost = Assignment;
            SetCursors([]);
        }

        _untold = [];
        if (_lost.Count > 0)
        {
            await (_options.AssignmentListener?.LostAsync(this, _lost, cancellationToken) ?? default);
            _lost = [];
        }
    }

    private PartitionCursor Open(TopicPartition partition)
    {
        var topic = _log.Topics.Get(partition);
        if (_options.Group is { } group
            && _log.Commits.Committed(group, [partition]).TryGetValue(partition, out var committed))
        {
            return new PartitionCursor(topic, partition.Partition, committed.Offset);
        }

        return new PartitionCursor(topic, partition.Partition, StartOf(topic, partition.Partition));
    }

    private long StartOf(JournalTopic topic, int partition)
    {
        var state = topic.Partitions[partition];
        return _options.Start == StartPosition.Earliest ? topic.Low(partition)
            : _options.ReadCommitted ? state.Stable : state.High;
    }

    private void Reset(PartitionCursor cursor)
    {
        var from = cursor.Next;
        cursor.Seek(StartOf(cursor.Topic, cursor.Partition));
        _log.Metrics.Reset(cursor.Next - from, _options.Group);
        _log.Logger.OffsetReset(from, cursor.Id, _options.Group, cursor.Next);
        Wake();
    }

    private void SetCursors(List<PartitionCursor> cursors)
    {
        var before = _cursors.Select(cursor => cursor.Topic).ToHashSet();
        var after = cursors.Select(cursor => cursor.Topic).ToHashSet();
        _cursors.Clear();
        _cursors.AddRange(cursors);
        foreach (var topic in after.Except(before))
        {
            topic.AddReader(this);
        }

        foreach (var topic in before.Except(after))
        {
            topic.RemoveReader(this);
        }
    }

    private PartitionCursor Cursor(TopicPartition partition) =>
        _cursors.Find(cursor => cursor.Id == partition) ?? throw NotAssigned(partition);

    private static RecordLogException NotAssigned(TopicPartition partition) =>
        new(RecordLogError.NotAssigned, $"Partition {partition} is not assigned to this consumer.");

    private void ThrowIfDisposed()
    {
        if (_disposed)
        {
            throw new RecordLogException(RecordLogError.Closed, "The consumer is closed.");
        }
    }
}
