using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Writing;

namespace Telemetry.Storage.Sink;

/// <summary>
/// The way of rows into the tables of a stream: the open batch, one INSERT into the main table in flight (raw, for readings), the backlog that
/// it has and the rollups lack, one rollup INSERT in flight with the checkpoint that follows it. One loop calls it; only the INSERTs run beside.
/// A stream without rollups goes the same way: its rows are let go when the main table has them, and the checkpoint follows at the same pace.
/// <para>
/// A checkpoint is decided when a raw batch closes, while consumption stands exactly at its end: the duplicate filters are
/// collected there. When raw has that batch, all readings since the last checkpoint go to the rollups in one INSERT; when those
/// have them and the parts written have been read back, offsets, filter state and dead letters are committed together.
/// </para>
/// </summary>
internal sealed class InsertPipeline : IDisposable
{
    private readonly IClickHouse _store;
    private readonly SinkStream _stream;
    private readonly IReadOnlyDictionary<int, PartitionState> _partitions;
    private readonly SinkWriter _writer;
    private readonly CheckpointSchedule _checkpoints;
    private readonly SinkOptions _options;
    private readonly TimeProvider _time;
    private readonly List<SinkBatch> _backlog = [];
    private readonly int _rowsMax;

    /// <summary>Ends the INSERTs under way; they outlive one turn of the loop, not the session.</summary>
    private readonly CancellationTokenSource _inserts = new();

    private long _lastFlush;
    private long _backlogRows;
    private (SinkBatch Batch, IReadOnlyList<Marker> Markers, Task Task)? _raw;
    private (Checkpoint Checkpoint, IReadOnlyList<Marker> Markers, IReadOnlyList<SinkBatch> Batches, Task Task)? _rollup;

    public InsertPipeline(
        IClickHouse store,
        SinkStream stream,
        IReadOnlyDictionary<int, PartitionState> partitions,
        SinkWriter writer,
        CheckpointSchedule checkpoints,
        SinkOptions options,
        TimeProvider time)
    {
        _store = store;
        _stream = stream;
        _rowsMax = stream.RowsMax(options);
        _partitions = partitions;
        _writer = writer;
        _checkpoints = checkpoints;
        _options = options;
        _time = time;
        Open = new SinkBatch(stream.CreateBlock());
    }

    /// <summary>Takes what is consumed.</summary>
    public SinkBatch Open { get; private set; }

    public bool HasRoom =>
        Open.Rows.Count < _rowsMax
        && Open.Rows.Count + (_raw?.Batch.Rows.Count ?? 0) + _backlogRows < _options.BacklogRowsMax;

    /// <summary>Readers that wait for what was consumed.</summary>
    public RefreshRequests Refreshes { get; } = new();

    /// <summary>INSERTs under way, and those that <see cref="CompleteAsync"/> has not looked at since they ended.</summary>
    public IReadOnlyList<Task> InFlight => (_raw, _rollup) switch
    {
        ({ } raw, { } rollup) => [raw.Task, rollup.Task],
        ({ } raw, null) => [raw.Task],
        (null, { } rollup) => [rollup.Task],
        _ => [],
    };

    /// <summary>True: there is an INSERT in flight.</summary>
    public bool IsBusy => _raw is not null || _rollup is not null;

    /// <summary>
    /// Sends the open batch to the main table, if that has none in flight and the batch is large or old enough, a reader waits for it or a checkpoint is due.
    /// </summary>
    /// <param name="drain">True: at once.</param>
    /// <param name="cancellationToken">Keeps an INSERT from starting; one that has started goes on.</param>
    public void FlushIfDue(bool drain, CancellationToken cancellationToken)
    {
        if (_raw is null
            && (Open.Rows.Count >= _rowsMax
                || drain
                || Refreshes.Any
                || (_time.GetElapsedTime(_lastFlush) >= FlushInterval() && (Open.Rows.Count > 0 || CheckpointDue(drain)))))
        {
            Flush(checkpoint: CheckpointDue(drain), cancellationToken);
        }
    }

    /// <summary>Takes note of INSERTs that have been acknowledged; throws what failed.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (_raw is { Task.IsCompleted: true } raw)
        {
            await raw.Task;
            _raw = null;
            Refreshes.Stored();
            SinkWriter.Acknowledge(raw.Markers, _partitions, static p => p.RawHighs);
            foreach (var (id, next) in raw.Batch.Nexts)
            {
                _partitions[id].RawNext = next;
            }

            if (!_stream.HasRollups)
            {
                raw.Batch.Dispose();
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

            await _checkpoints.CommitAsync(rollup.Checkpoint, cancellationToken);
            _rollup = null;
            foreach (var batch in rollup.Batches)
            {
                _backlogRows -= batch.Rows.Count;
                batch.Dispose();
            }
        }
    }

    /// <summary>Writes all that was consumed and commits it.</summary>
    public async ValueTask FlushAllAsync(CancellationToken cancellationToken)
    {
        while (_partitions.Count > 0)
        {
            foreach (var task in InFlight)
            {
                await task;
            }

            await CompleteAsync(cancellationToken);
            if (IsBusy)
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

    /// <summary>Waits for the INSERTs under way, whatever becomes of them: then nothing writes any more.</summary>
    /// <param name="cancel">True: leaves them in doubt instead of waiting for the store.</param>
    public async ValueTask EndAsync(bool cancel)
    {
        if (cancel)
        {
            await _inserts.CancelAsync();
        }

        foreach (var task in InFlight)
        {
            await task.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    public void Dispose()
    {
        Refreshes.End();
        foreach (var batch in _backlog.Append(Open).Concat(_rollup?.Batches ?? []))
        {
            batch.Dispose();
        }

        _raw?.Batch.Dispose();
        _inserts.Dispose();
    }

    /// <summary>Beside the session's loop, on the scheduler the role was started on.</summary>
    private static Task Start(Func<Task> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();

    private bool CheckpointDue(bool drain) => _checkpoints.IsDue(Open.Rows.Count + _backlogRows, drain);

    private TimeSpan FlushInterval()
    {
        var usual = _stream.FlushInterval(_options);
        return Open.Rows.Count < _options.RawRowsUnread
            ? FlushCadence.Of(usual, _stream.FlushIntervalUnread(_options), _options, _store.LastRead, _time.GetUtcNow())
            : usual;
    }

    /// <summary>Closes the open batch and sends it to raw.</summary>
    private void Flush(bool checkpoint, CancellationToken cancellationToken)
    {
        var batch = Open;
        foreach (var (id, partition) in _partitions)
        {
            batch.Nexts[id] = partition.Next;
        }

        if (checkpoint)
        {
            batch.Checkpoint = _checkpoints.Collect();
        }

        Open = new SinkBatch(_stream.CreateBlock());
        _lastFlush = _time.GetTimestamp();
        Refreshes.Sent();
        var markers = SinkWriter.MarkersOf([batch], _partitions, batch.Nexts, static p => p.RawHighs);
        var task = batch.Rows.Count == 0 ? Task.CompletedTask : Start(() => _writer.StoreAsync(batch, markers, _inserts.Token), cancellationToken);
        _raw = (batch, markers, task);
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
}
