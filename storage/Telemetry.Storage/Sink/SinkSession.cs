using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Recovery;
using Telemetry.Streams;

namespace Telemetry.Storage.Sink;

/// <summary>
/// The sink from one recovery to the next error. One loop owns all state: it consumes, and keeps at most one raw INSERT, one
/// rollup INSERT and one checkpoint in flight. Any error ends the session; the next one begins with recovery.
/// <para>
/// A checkpoint is decided when a raw batch closes, while consumption stands exactly at its end: the duplicate filters are
/// collected there. When raw has that batch, all readings since the last checkpoint go to the rollups in one INSERT; when those
/// have them and the parts written have been read back, offsets, filter state and dead letters are committed together.
/// </para>
/// </summary>
internal sealed class SinkSession : IAssignmentListener, IAsyncDisposable
{
    private const int NamesMax = 1_000_000;
    private static readonly TimeSpan Blocked = TimeSpan.FromSeconds(1);

    private readonly IRecordLog _log;
    private readonly SinkOptions _options;
    private readonly TimeProvider _time;
    private readonly SinkClaims _claims;
    private readonly SinkRecovery _recovery;
    private readonly SinkWriter _writer;
    private readonly DiskWatch _disk;
    private readonly DeadLetterQueue _letters;
    private readonly ReadingIntake _intake;
    private readonly Dictionary<int, PartitionState> _partitions = [];
    private readonly Queue<TaskCompletionSource> _drains = new();
    private readonly Lock _drainGate = new();
    private readonly List<RawBatch> _backlog = [];

    /// <summary>Ends the INSERTs under way; they outlive one turn of the loop, not the session.</summary>
    private readonly CancellationTokenSource _inserts = new();
    private volatile IReadOnlyList<SinkProgress> _progress = [];

    private StoreLayout _layout = StoreLayout.Single;
    private IRecordConsumer _consumer = null!;
    private ITransactionalProducer _producer = null!;
    private NameTable _names = new();
    private RawBatch _open;
    private IReadOnlyList<LogRecord> _polled = [];
    private int _polledAt;
    private bool _paused;
    private bool _recovered;
    private bool _drain;
    private long _lastFlush;
    private long _lastCheckpoint;
    private long _backlogRows;
    private (RawBatch Batch, IReadOnlyList<Marker> Markers, Task Task)? _raw;
    private (Checkpoint Checkpoint, IReadOnlyList<Marker> Markers, IReadOnlyList<RawBatch> Batches, Task Task)? _rollup;
    private bool _checkpointPending;

    public SinkSession(
        IRecordLog log, IClickHouse clickHouse, SinkOptions options, SinkMetrics metrics, ILogger logger, TimeProvider time,
        IReadingSchemas schemas)
    {
        _log = log;
        _options = options;
        _time = time;
        _letters = new DeadLetterQueue(options.DeadLetterSchemaId, time);
        _intake = new ReadingIntake(_letters, metrics, schemas);
        var check = options.CheckParts ? new PartsCheck(clickHouse, [.. SinkTarget.All.Select(t => t.Table)], metrics, logger) : null;
        _claims = new SinkClaims(clickHouse, SinkTarget.Raw.Table, options, logger, time);
        _recovery = new SinkRecovery(log, clickHouse, _claims, options, _intake, metrics, check, logger, time);
        _writer = new SinkWriter(clickHouse, _claims, check, metrics, time);
        _disk = new DiskWatch(clickHouse, options, time, logger);
        _open = new RawBatch(_names);
    }

    /// <summary>Told when recovery is done and its checkpoint durable.</summary>
    public Action Recovered { get; init; } = static () => { };

    /// <summary>Partitions owned, as of the last turn of the loop.</summary>
    public IReadOnlyList<SinkProgress> Progress => _progress;

    /// <summary>Age of the oldest consumed record that is not behind a checkpoint, by partition.</summary>
    public IReadOnlyList<(int Partition, TimeSpan Lag)> Lags { get; private set; } = [];

    /// <summary>True: recovered and writing.</summary>
    public bool IsReady => _recovered && !_disk.IsLow;

    public bool IsDiskLow => _disk.IsLow;

    /// <summary>True: the store's shard that this sink writes is the partition's.</summary>
    public bool Holds(int partition) => _layout.Holds(partition);

    /// <summary>Runs until the token fires or something fails. Drain first for an orderly end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _layout = await _claims.LayoutAsync(cancellationToken);
        _producer = await _log.OpenTransactionalProducerAsync(_layout.Name(_options.TransactionalId), new ProducerOptions(), cancellationToken);
        _consumer = _log.CreateConsumer(new ConsumerOptions
        {
            Group = _layout.Name(_options.Group),
            Topics = [KafkaTopics.Readings],
            AssignmentListener = this,
        });
        _lastCheckpoint = _time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await TurnAsync(cancellationToken);
        }
    }

    /// <summary>Completes when everything consumed before is in raw and rollups and behind a checkpoint.</summary>
    public Task DrainAsync()
    {
        var drain = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_drainGate)
        {
            _drains.Enqueue(drain);
        }

        return drain.Task;
    }

    public async ValueTask AssignedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        await FlushAllAsync(cancellationToken);

        // Those of other shards stay assigned and still: the sinks of their shards have groups of their own.
        consumer.Pause([.. partitions.Where(p => !_layout.Holds(p.Partition))]);
        partitions = [.. partitions.Where(p => _layout.Holds(p.Partition))];
        foreach (var state in await _recovery.RecoverAsync(_layout.Name(_options.Group), partitions, cancellationToken))
        {
            _partitions.Add(state.Input.Partition, state);
            consumer.Seek(state.Input, state.Next);
        }

        // The checkpoint is part of recovery, and merges stand still until it is there: see TurnAsync.
        _recovered = false;
    }

    public async ValueTask RevokedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        await FlushAllAsync(cancellationToken);
        Drop(partitions);
        _claims.Release(partitions.Select(p => p.Partition));
    }

    public ValueTask LostAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) =>
        throw new RecordLogException(RecordLogError.NotAssigned, "The log took partitions away without asking: what was in flight is read again.");

    public async ValueTask DisposeAsync()
    {
        if (_claims.Enabled)
        {
            // The next session's claim refuses or ends what is still on its way; a store that hangs must not hold it up.
            await _inserts.CancelAsync();
        }

        // Nothing may write any more when the next session reads what the tables hold.
        foreach (var task in (Task?[])[_raw?.Task, _rollup?.Task])
        {
            if (task is not null)
            {
                await task.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }

        foreach (var batch in _backlog.Append(_open).Concat(_rollup?.Batches ?? []))
        {
            batch.Dispose();
        }

        _raw?.Batch.Dispose();
        lock (_drainGate)
        {
            while (_drains.TryDequeue(out var drain))
            {
                drain.TrySetException(new OperationCanceledException("The sink failed before everything was written."));
            }
        }

        _partitions.Clear();
        if (_consumer is not null)
        {
            await _consumer.DisposeAsync();
        }

        if (_producer is not null)
        {
            await _producer.DisposeAsync();
        }

        _writer.Dispose();
        _inserts.Dispose();
    }

    private async ValueTask TurnAsync(CancellationToken cancellationToken)
    {
        await _disk.LookAsync(cancellationToken);
        await CompleteAsync(cancellationToken);
        lock (_drainGate)
        {
            _drain = _drains.Count > 0;
        }

        if (_polledAt < _polled.Count && HasRoom())
        {
            Consume();
        }

        if (_polledAt >= _polled.Count)
        {
            await PollAsync(cancellationToken);
        }
        else if (!HasRoom())
        {
            await WaitForRoomAsync(cancellationToken);
        }

        if (FlushDue())
        {
            Flush(checkpoint: CheckpointDue(), cancellationToken);
        }

        Publish();
        await EndDrainAsync(cancellationToken);
    }

    private bool HasRoom() =>
        !_disk.IsLow
        && _open.Rows.Count < _options.RawRowsMax
        && _open.Rows.Count + (_raw?.Batch.Rows.Count ?? 0) + _backlogRows < _options.BacklogRowsMax;

    private void Consume()
    {
        while (_polledAt < _polled.Count && HasRoom())
        {
            var record = _polled[_polledAt++];
            var partition = _partitions[record.Partition];
            _intake.Take(partition.Filter, record, _open);
            _open.Sample(_intake.Last);
            partition.NewestEventTime = Math.Max(partition.NewestEventTime, _intake.Last.Newest);
            partition.Next = record.Offset + 1;
            partition.OldestUncommittedMs ??= record.TimestampMs;
        }
    }

    private async ValueTask PollAsync(CancellationToken cancellationToken)
    {
        SetPaused(!HasRoom());
        var busy = _raw is not null || _rollup is not null || _drain || !_recovered;
        var wait = busy || _open.Rows.Count > 0 ? _options.PollLinger : Min(_options.RawFlushInterval, TimeSpan.FromMilliseconds(100));
        _polled = await _consumer.PollAsync(_options.RecordsPerPollMax, wait, cancellationToken);
        _polledAt = 0;
        if (!_recovered && _partitions.Count > 0)
        {
            await EndRecoveryAsync(cancellationToken);
        }

        Consume();
        if (_polledAt == _polled.Count)
        {
            foreach (var partition in _partitions.Values)
            {
                // Offsets without a visible record (transaction marks) are behind us as well.
                partition.Next = Math.Max(partition.Next, _consumer.Position(partition.Input));
            }
        }

        if (_polled.Count < _options.RecordsPerPollMax / 16 && _options.PollLinger > TimeSpan.Zero)
        {
            // Few at a time cost more than many: let some gather.
            await Task.Delay(_options.PollLinger, _time, cancellationToken);
        }
    }

    /// <summary>
    /// The checkpoint that is part of recovery; before anything of what was polled is consumed, or it would pass readings that no
    /// table has.
    /// </summary>
    private async ValueTask EndRecoveryAsync(CancellationToken cancellationToken)
    {
        Debug.Assert(_raw is null && _rollup is null && _open.Rows.Count == 0, "Partitions are assigned with nothing in flight.");
        await new Checkpoint(_partitions.Values, _letters, Elapsed(ref _lastCheckpoint)).CommitAsync(_producer, _consumer, _time, cancellationToken);
        await _recovery.ResumeMergesAsync(cancellationToken);
        _recovered = true;
        Recovered();
    }

    /// <summary>Waits for an INSERT; the consumer has to be polled now and then, so what was polled is handed back after a while.</summary>
    private async ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        var tasks = new List<Task>(3) { Task.Delay(Blocked, _time, cancellationToken) };
        if (_raw is { } raw)
        {
            tasks.Add(raw.Task);
        }

        if (_rollup is { } rollup)
        {
            tasks.Add(rollup.Task);
        }

        if (tasks.Count == 1 && !_disk.IsLow)
        {
            return;
        }

        if (await Task.WhenAny(tasks) != tasks[0])
        {
            return;
        }

        for (var i = _polled.Count - 1; i >= _polledAt; i--)
        {
            _consumer.Seek(new TopicPartition(_polled[i].Topic, _polled[i].Partition), _polled[i].Offset);
        }

        _polled = [];
        _polledAt = 0;
    }

    private void SetPaused(bool paused)
    {
        if (paused == _paused)
        {
            return;
        }

        _paused = paused;
        if (paused)
        {
            _consumer.Pause(_consumer.Assignment);
        }
        else
        {
            _consumer.Resume([.. _consumer.Assignment.Where(p => _layout.Holds(p.Partition))]);
        }
    }

    /// <summary>Beside the session's loop, on the scheduler the role was started on.</summary>
    private static Task Start(Func<Task> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();

    private bool FlushDue() => _raw is null
        && _recovered
        && (_open.Rows.Count >= _options.RawRowsMax
            || _drain
            || (_time.GetElapsedTime(_lastFlush) >= _options.RawFlushInterval && (_open.Rows.Count > 0 || CheckpointDue())));

    private bool CheckpointDue() => !_checkpointPending
        && _partitions.Values.Any(p => p.Next > p.Committed)
        && (_drain
            || _letters.IsFull
            || _open.Rows.Count + _backlogRows >= _options.BacklogRowsMax / 2
            || _time.GetElapsedTime(_lastCheckpoint) >= _options.RollupInterval);

    /// <summary>Closes the open batch and sends it to raw.</summary>
    private void Flush(bool checkpoint, CancellationToken cancellationToken)
    {
        var batch = _open;
        foreach (var (id, partition) in _partitions)
        {
            batch.Nexts[id] = partition.Next;
        }

        if (checkpoint)
        {
            batch.Checkpoint = new Checkpoint(_partitions.Values, _letters, Elapsed(ref _lastCheckpoint));
            _checkpointPending = true;
            if (_names.Count > NamesMax)
            {
                _names = new NameTable();
            }
        }

        _open = new RawBatch(_names);
        _lastFlush = _time.GetTimestamp();
        var markers = SinkWriter.MarkersOf([batch], _partitions, batch.Nexts, static p => p.RawHighs);
        var task = batch.Rows.Count == 0 ? Task.CompletedTask : Start(() => _writer.StoreRawAsync(batch, markers, _inserts.Token), cancellationToken);
        _raw = (batch, markers, task);
    }

    /// <summary>Takes note of INSERTs that have been acknowledged; throws what failed.</summary>
    private async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (_raw is { Task.IsCompleted: true } raw)
        {
            await raw.Task;
            _raw = null;
            SinkWriter.Acknowledge(raw.Markers, _partitions, static p => p.RawHighs);
            foreach (var (id, next) in raw.Batch.Nexts)
            {
                _partitions[id].RawNext = next;
            }

            _backlog.Add(raw.Batch);
            _backlogRows += raw.Batch.Rows.Count;
            if (raw.Batch.Checkpoint is { } checkpoint)
            {
                StartRollups(checkpoint, raw.Batch.Nexts, cancellationToken);
            }
        }

        if (_rollup is { Task.IsCompleted: true } rollup)
        {
            await rollup.Task;
            SinkWriter.Acknowledge(rollup.Markers, _partitions, static p => p.RollupHighs);
            foreach (var (id, next) in rollup.Batches[^1].Nexts)
            {
                _partitions[id].RolledUpNext = next;
            }

            await rollup.Checkpoint.CommitAsync(_producer, _consumer, _time, cancellationToken);
            _rollup = null;
            _checkpointPending = false;
            foreach (var batch in rollup.Batches)
            {
                _backlogRows -= batch.Rows.Count;
                batch.Dispose();
            }
        }
    }

    private void StartRollups(Checkpoint checkpoint, Dictionary<int, long> nexts, CancellationToken cancellationToken)
    {
        var batches = _backlog.ToArray();
        _backlog.Clear();
        var markers = SinkWriter.MarkersOf(batches, _partitions, nexts, static p => p.RollupHighs);
        var partitions = nexts.Keys.ToArray();
        var task = Start(() => _writer.StoreRollupsAsync(batches, markers, partitions, _inserts.Token), cancellationToken);
        _rollup = (checkpoint, markers, batches, task);
    }

    /// <summary>Writes all that was consumed and commits it.</summary>
    private async ValueTask FlushAllAsync(CancellationToken cancellationToken)
    {
        while (_partitions.Count > 0)
        {
            foreach (var task in (Task?[])[_raw?.Task, _rollup?.Task])
            {
                if (task is not null)
                {
                    await task;
                }
            }

            await CompleteAsync(cancellationToken);
            if (_raw is not null || _rollup is not null)
            {
                continue;
            }

            if (_partitions.Values.All(p => p.Committed == p.Next))
            {
                return;
            }

            Flush(checkpoint: true, cancellationToken);
        }
    }

    private async ValueTask EndDrainAsync(CancellationToken cancellationToken)
    {
        if (!_drain || !_recovered || _polledAt < _polled.Count)
        {
            return;
        }

        await FlushAllAsync(cancellationToken);
        Publish();
        lock (_drainGate)
        {
            while (_drains.TryDequeue(out var drain))
            {
                drain.TrySetResult();
            }
        }
    }

    private void Drop(IReadOnlyList<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            _partitions.Remove(partition.Partition);
        }

        if (_polledAt < _polled.Count)
        {
            _polled = [.. _polled.Skip(_polledAt).Where(r => _partitions.ContainsKey(r.Partition))];
            _polledAt = 0;
        }
    }

    private void Publish()
    {
        var progress = new SinkProgress[_partitions.Count];
        var lags = new (int, TimeSpan)[_partitions.Count];
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var at = 0;
        foreach (var (id, p) in _partitions)
        {
            progress[at] = new SinkProgress(id, p.Next, p.RawNext, p.RolledUpNext, p.Committed, p.NewestEventTime);
            lags[at++] = (id, p.OldestUncommittedMs is { } oldest ? TimeSpan.FromMilliseconds(Math.Max(0, now - oldest)) : TimeSpan.Zero);
        }

        _progress = progress;
        Lags = lags;
    }

    private TimeSpan Elapsed(ref long since)
    {
        var elapsed = _time.GetElapsedTime(since);
        since = _time.GetTimestamp();
        return elapsed;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
