using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Deletion;
using Telemetry.Storage.Horizon;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Recovery;
using Telemetry.Storage.Verification;
using Telemetry.Storage.Writing;
using Telemetry.Streams;

namespace Telemetry.Storage.Sink;

/// <summary>
/// The sink of one stream, from one recovery to the next error. One loop owns all state: it consumes what was polled into the pipeline, which keeps
/// at most one INSERT into the main table, one into the rollups and one checkpoint in flight. Any error ends the session; the next one begins with recovery.
/// </summary>
internal sealed class SinkSession : IAssignmentListener, IAsyncDisposable
{
    private static readonly TimeSpan Blocked = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HorizonInterval = TimeSpan.FromSeconds(30);

    private readonly IRecordLog _log;
    private readonly SinkStream _stream;
    private readonly SinkOptions _options;
    private readonly TimeProvider _time;
    private readonly SinkClaims _claims;
    private readonly SinkRecovery _recovery;
    private readonly SinkWriter _writer;
    private readonly DiskWatch _disk;
    private readonly StoreHorizonReader _horizon;
    private readonly DeadLetterQueue _letters;
    private readonly IRecordIntake _intake;
    private readonly IClickHouse _store;
    private readonly PartsCheck _check;
    private readonly Action _damaged;
    private readonly PartsScrubber? _scrubber;
    private readonly Dictionary<int, PartitionState> _partitions = [];
    private readonly DrainRequests _drains = new();
    private readonly ProgressBoard _board;
    private readonly PendingDeletion _deletion;

    private StoreLayout _layout = StoreLayout.Single;
    private IRecordConsumer _consumer = null!;
    private ITransactionalProducer _producer = null!;
    private CheckpointSchedule _checkpoints = null!;
    private volatile InsertPipeline _pipeline = null!;
    private PolledRecords _polled = null!;
    private volatile bool _recovered;
    private volatile bool _idle;
    private bool _drain;
    private long _noted;

    public SinkSession(
        IRecordLog log, IClickHouse clickHouse, SinkStream stream, SinkOptions options, SinkMetrics metrics, ILogger logger, TimeProvider time)
    {
        _log = log;
        _stream = stream;
        _options = options;
        _time = time;
        _letters = new DeadLetterQueue(options.DeadLetterSchemaId, time);
        _intake = stream.CreateIntake(_letters, metrics);
        _store = clickHouse;
        _check = new PartsCheck(clickHouse, [.. stream.Targets.Select(t => t.Table)], logger);
        _damaged = metrics.PartDamaged;
        _scrubber = options.CheckParts ? new PartsScrubber(_check, options.PartsCheckInterval, metrics.PartDamaged, logger, time) : null;
        _claims = new SinkClaims(clickHouse, stream.Main.Table, FenceOptions.Of(options), logger, time);
        _recovery = new SinkRecovery(log, clickHouse, stream, _claims, options, _intake, metrics, _scrubber, logger, time);
        _writer = new SinkWriter(clickHouse, stream, _claims, _scrubber, options, metrics, time);
        _disk = new DiskWatch(clickHouse, stream.Topic, options, time, logger);
        _horizon = new StoreHorizonReader(clickHouse, time);
        _deletion = new PendingDeletion(new DeviceRemoval(clickHouse, stream, _claims, logger, time));
        _noted = time.GetTimestamp();
        _board = new ProgressBoard(time);
    }

    /// <summary>Told when recovery is done and its checkpoint durable.</summary>
    public Action Recovered { get; init; } = static () => { };

    /// <summary>Told when a checkpoint has moved.</summary>
    public Action Progressed { get; init; } = static () => { };

    /// <summary>Partitions owned, as of the last turn of the loop.</summary>
    public IReadOnlyList<SinkProgress> Progress => _board.Progress;

    /// <summary>Age of the oldest consumed record that is not behind a checkpoint, by partition.</summary>
    public IReadOnlyList<(int Partition, TimeSpan Lag)> Lags => _board.Lags;

    /// <summary>True: recovered and writing; a stream other than readings is ready also while other sinks have all its partitions.</summary>
    public bool IsReady => (_recovered || (_idle && !_stream.HasIds)) && !_disk.IsLow;

    /// <summary>Parts that could not be read back.</summary>
    public int PartsNotChecked => _scrubber?.NotChecked ?? 0;

    /// <summary>What an operator should know although the sink is ready; null when there is nothing.</summary>
    public string? Note => _scrubber?.Note;

    public bool IsDiskLow => _disk.IsLow;

    /// <summary>True: it is running and has the first log partition of its shard: what one process has to do for the whole store is its.</summary>
    public bool IsFirst => _recovered && _board.Progress.Any(p => p.Partition < _layout.Shards);

    /// <summary>True: the store's shard that this sink writes is the partition's.</summary>
    public bool Holds(int partition) => _layout.Holds(partition);

    /// <summary>Runs until the token fires or something fails. Drain first for an orderly end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _layout = await _claims.LayoutAsync(cancellationToken);
        _intake.Deleted = await DeletedDevices.ReadAsync(_store, cancellationToken);
        await _stream.ReadSettingsAsync(_store, cancellationToken);
        _producer = await _log.OpenTransactionalProducerAsync(_layout.Name(_stream.NameOf(_options.TransactionalId)), new ProducerOptions(), cancellationToken);
        _consumer = _log.CreateConsumer(new ConsumerOptions
        {
            Group = _layout.Name(_stream.NameOf(_options.Group)),
            Topics = [_stream.Topic],
            AssignmentListener = this,
        });
        _checkpoints = new CheckpointSchedule(_store, _partitions, _letters, _producer, _consumer, _scrubber, _options, _time) { Progressed = Progressed };
        _pipeline = new InsertPipeline(_store, _stream, _partitions, _writer, _checkpoints, _options, _time);
        _polled = new PolledRecords(_consumer, _layout);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await TurnAsync(cancellationToken);
        }
    }

    /// <summary>Completes when everything consumed before is in raw and rollups and behind a checkpoint.</summary>
    public Task DrainAsync() => _drains.Add();

    /// <summary>Completes when what was consumed is in the main table, or the session is over; at once before it has recovered.</summary>
    public Task RefreshAsync() => _recovered ? _pipeline.Refreshes.Add() : Task.CompletedTask;

    public async ValueTask AssignedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        await _pipeline.FlushAllAsync(cancellationToken);

        // Those of other shards stay assigned and still: the sinks of their shards have groups of their own.
        consumer.Pause([.. partitions.Where(p => !_layout.Holds(p.Partition))]);
        partitions = [.. partitions.Where(p => _layout.Holds(p.Partition))];
        foreach (var state in await _recovery.RecoverAsync(_layout.Name(_stream.NameOf(_options.Group)), partitions, cancellationToken))
        {
            _partitions.Add(state.Input.Partition, state);
            consumer.Seek(state.Input, state.Next);
        }

        // The checkpoint is part of recovery, and merges stand still until it is there: see TurnAsync.
        _recovered = false;
    }

    /// <summary>
    /// A statement failed on a damaged part: reads the part it names back, and detaches it when it is damaged. Parts older than the last
    /// checkpoint are not looked at otherwise, and one of them would end every session after this one.
    /// </summary>
    public async ValueTask CheckPartAsync(ClickHouseException fault, CancellationToken cancellationToken)
    {
        if (_scrubber is null || NamedPart.Find(fault.Message) is not { } part || !_check.Tables.Contains(part.Table)
            || (await _claims.LayoutAsync(cancellationToken)).Cluster is not null)
        {
            return;
        }

        var (verdict, _) = await _check.CheckAsync(part, cancellationToken);
        if (verdict == PartVerdict.Damaged)
        {
            _damaged();
        }
    }

    public async ValueTask RevokedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        await _pipeline.FlushAllAsync(cancellationToken);
        await _deletion.LeaveAsync(partitions);
        foreach (var partition in partitions)
        {
            _partitions.Remove(partition.Partition);
        }

        _polled.Keep(_partitions);
        _claims.Release(partitions.Select(p => p.Partition));
    }

    public ValueTask LostAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) =>
        throw new RecordLogException(RecordLogError.NotAssigned, "The log took partitions away without asking: what was in flight is read again.");

    public async ValueTask DisposeAsync()
    {
        await _deletion.DisposeAsync();
        if (_pipeline is not null)
        {
            // Nothing may write any more when the next session reads what the tables hold. With claims the next session's refuses or ends
            // what is still on its way; a store that hangs must not hold it up.
            await _pipeline.EndAsync(cancel: _claims.Enabled);
            _pipeline.Dispose();
        }

        if (_scrubber is not null)
        {
            await _scrubber.DisposeAsync();
        }

        _drains.Fail();
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
    }

    private async ValueTask TurnAsync(CancellationToken cancellationToken)
    {
        await _disk.LookAsync(cancellationToken);
        if (_stream.HasRollups && _time.GetElapsedTime(_noted) > HorizonInterval)
        {
            _noted = _time.GetTimestamp();
            await _horizon.NoteGoneAsync(null, cancellationToken);
        }

        if (_scrubber?.Failure is { } damage)
        {
            throw damage;
        }

        await _pipeline.CompleteAsync(cancellationToken);
        await DeleteAsync(cancellationToken);
        _drain = _drains.Any;
        if (_polled.HasMore && HasRoom())
        {
            Consume();
        }

        if (!_polled.HasMore)
        {
            await PollAsync(cancellationToken);
        }
        else if (!HasRoom())
        {
            await WaitForRoomAsync(cancellationToken);
        }

        if (_recovered)
        {
            _pipeline.FlushIfDue(_drain, cancellationToken);
        }

        _board.Publish(_partitions);
        await EndDrainAsync(cancellationToken);
    }

    private bool HasRoom() => !_disk.IsLow && _deletion.Record is null && _pipeline.HasRoom;

    private void Consume()
    {
        while (_polled.HasMore && HasRoom())
        {
            var record = _polled.Take();
            if (_deletion.Take(record))
            {
                return;
            }

            var partition = _partitions[record.Partition];
            var taken = _intake.Take(partition.Filter, record, _pipeline.Open);
            _pipeline.Open.Sample(taken, record.TimestampMs);
            _pipeline.Open.Traces.Add(record.Headers);
            partition.NewestEventTime = Math.Max(partition.NewestEventTime, taken.Newest);
            partition.Next = record.Offset + 1;
            partition.OldestUncommittedMs ??= record.TimestampMs;
        }
    }

    /// <summary>
    /// An order to delete a device's data: first everything before it is stored, then the rows go, then consumption goes on behind its record. See
    /// <see cref="DeviceRemoval"/>.
    /// </summary>
    private async ValueTask DeleteAsync(CancellationToken cancellationToken)
    {
        if (_deletion.Waits)
        {
            await _pipeline.FlushAllAsync(cancellationToken);
            _deletion.Start();
        }

        if (await _deletion.CompleteAsync() is { } record)
        {
            var partition = _partitions[record.Partition];
            _intake.Deleted = await DeletedDevices.ReadAsync(_store, cancellationToken);
            _intake.Take(partition.Filter, record, _pipeline.Open);
            partition.Next = record.Offset + 1;
        }
    }

    private async ValueTask PollAsync(CancellationToken cancellationToken)
    {
        var paused = !HasRoom();
        var busy = _pipeline.IsBusy || _drain || !_recovered;
        var wait = busy || _pipeline.Open.Rows.Count > 0 ? _options.PollLinger : Min(_stream.FlushInterval(_options), TimeSpan.FromMilliseconds(100));
        await _polled.PollAsync(_options.RecordsPerPollMax, wait, paused, cancellationToken);
        _idle = _partitions.Count == 0;
        if (!_recovered && _partitions.Count > 0)
        {
            await EndRecoveryAsync(cancellationToken);
        }

        Consume();
        if (!_polled.HasMore && _deletion.Record is null)
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
        Debug.Assert(!_pipeline.IsBusy && _pipeline.Open.Rows.Count == 0, "Partitions are assigned with nothing in flight.");
        await _checkpoints.CommitAsync(_checkpoints.Collect(), cancellationToken);
        await _recovery.ResumeMergesAsync(cancellationToken);
        _recovered = true;
        Recovered();
    }

    /// <summary>Waits for an INSERT; the consumer has to be polled now and then, so what was polled is handed back after a while.</summary>
    private async ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        List<Task> tasks = [Task.Delay(Blocked, _time, cancellationToken), .. _pipeline.InFlight];
        if (_deletion.Work is { } work)
        {
            tasks.Add(work);
        }

        if (tasks.Count == 1 && !_disk.IsLow)
        {
            return;
        }

        if (await Task.WhenAny(tasks) == tasks[0])
        {
            _polled.HandBack();
        }
    }

    private async ValueTask EndDrainAsync(CancellationToken cancellationToken)
    {
        if (!_drain || !(_recovered || _idle) || _polled.HasMore || _deletion.Record is not null)
        {
            return;
        }

        await _pipeline.FlushAllAsync(cancellationToken);
        if (_scrubber is not null)
        {
            await _scrubber.WaitAsync(freshOnly: false, _options.PartsCheckWait, cancellationToken);
            if (_scrubber.Failure is { } damage)
            {
                throw damage;
            }
        }

        _board.Publish(_partitions);
        _drains.Complete();
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
