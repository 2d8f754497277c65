using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Processing.Profiles;
using Telemetry.Processing.Settings;
using Telemetry.Streams;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// One partition, one loop: restores the state, then takes blocks of records and requests for cuts in the order they were sent.
/// The methods are called by the one loop that owns the consumer.
/// </summary>
internal sealed class PartitionWorker : IAsyncDisposable
{
    /// <summary>State bytes in the last commit before a partition goes away: the next owner replays what was not written.</summary>
    private const int FinalStateBytesMax = 16 << 20;

    private readonly IRecordLog _log;
    private readonly ProcessingOptions _options;
    private readonly ProcessingMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly IReadingSchemas? _schemas;
    private readonly SettingsFeed? _settings;
    private readonly ISensorProfiles? _profiles;
    private readonly SemaphoreSlim? _restores;
    private readonly Channel<WorkItem> _work;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    // Used by the owner of the consumer only.
    private RecordBlock? _waiting;
    private long _dispatchedSinceCut;

    // Used by the loop only.
    private PartitionProcessor? _processor;
    private long _position;
    private long _recordsSinceCut;
    private long _cutAt;
    private long _recordAt;

    // Shared: written by the loop, read by the owner of the consumer.
    private long _nextDueMs = long.MaxValue;
    private long _processedAt;
    private long _behindMs = long.MaxValue;
    private long _readySinceMs;
    private long _tickWrittenAt;
    private volatile PartitionStatus _status;
    private volatile Exception? _fault;
    private volatile bool _wantsCut;
    private volatile bool _ready;
    private OutputBatch? _spareOutputs;
    private StateBatch? _spareState;

    public PartitionWorker(
        IRecordLog log,
        ProcessingOptions options,
        TopicPartition partition,
        long? committed,
        ProcessingMetrics metrics,
        ILogger logger,
        TimeProvider time,
        IReadingSchemas? schemas = null,
        SettingsFeed? settings = null,
        ISensorProfiles? profiles = null,
        SemaphoreSlim? restores = null)
    {
        (_schemas, _settings, _profiles, _restores) = (schemas, settings, profiles, restores);
        (_log, _options, _metrics, _logger, _time) = (log, options, metrics, logger, time);
        Partition = partition;
        _status = new PartitionStatus(partition.Partition, false, committed ?? 0, null, true, 0, 0, 0, 0, 0, 0, 0);
        _work = Channel.CreateBounded<WorkItem>(
            new BoundedChannelOptions(options.BlocksInFlightMax) { SingleReader = true, SingleWriter = true });
        _cutAt = _recordAt = time.GetTimestamp();

        // On the starter's scheduler: the host gives each role threads of its own.
        _loop = Task.Factory.StartNew(
            () => RunWorkLoopAsync(committed), CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();
    }

    public TopicPartition Partition { get; }

    public PartitionStatus Status => _status;

    /// <summary>Why the loop ended, when it did by itself; the partition must be started again from its committed offset.</summary>
    public Exception? Fault => _fault;

    /// <summary>True once the state is restored.</summary>
    public bool IsReady => _ready;

    /// <summary>True when so much has been processed that a commit should come before its time.</summary>
    public bool WantsCut => _wantsCut;

    /// <summary>True while the partition is paused at the consumer.</summary>
    public bool IsPaused { get; set; }

    /// <summary>False: no more records now, neither in the channel nor (when commits fail) since the last cut.</summary>
    public bool HasRoom => _waiting is null && _dispatchedSinceCut < 2L * _options.CommitRecordsMax;

    /// <summary>The timestamp of a record that says that time has passed; null when none is needed, now or at all.</summary>
    /// <param name="nowMs">The clock, milliseconds since 1970.</param>
    /// <param name="idle">The partition has had no record for this long.</param>
    /// <param name="patience">How long the last one may be on its way.</param>
    public long? TickAt(long nowMs, TimeSpan idle, TimeSpan patience)
    {
        var due = Volatile.Read(ref _nextDueMs);
        if (due == long.MaxValue || !_ready || _fault is not null || _waiting is not null
            || _time.GetElapsedTime(Volatile.Read(ref _processedAt)) < idle)
        {
            return null;
        }

        var tickMs = PartitionTimeMs(nowMs);
        return tickMs >= due && (_tickWrittenAt == 0 || _time.GetElapsedTime(_tickWrittenAt) >= patience) ? tickMs : null;
    }

    /// <summary>
    /// The clock by which the partition's records are stamped. They are stamped by other machines' clocks: the fastest way from there to here is the best
    /// guess of how far these differ.
    /// </summary>
    public long PartitionTimeMs(long nowMs)
    {
        var behind = Volatile.Read(ref _behindMs);
        return nowMs - (behind == long.MaxValue ? 0 : behind);
    }

    /// <summary>Since when the partition has been read here, by the clock its records are stamped by; milliseconds since 1970.</summary>
    public long WatchedSinceMs => PartitionTimeMs(Volatile.Read(ref _readySinceMs));

    /// <summary>Records with profiles that somebody must append to the partition.</summary>
    public ConcurrentQueue<ProfileRecord> WantedProfiles { get; } = new();

    /// <summary>A record that says so is on its way.</summary>
    public void TickWritten() => _tickWrittenAt = _time.GetTimestamp();

    /// <summary>Hands over a block. When there is no room in the channel the worker keeps it for <see cref="DispatchWaiting"/>.</summary>
    public void Dispatch(RecordBlock block)
    {
        if (_waiting is not null)
        {
            throw new InvalidOperationException($"Records of {Partition} came although it is paused.");
        }

        _dispatchedSinceCut += block.Count;
        _tickWrittenAt = 0;
        _waiting = block;
        DispatchWaiting();
    }

    /// <summary>Tries again to hand over the block that found no room.</summary>
    public void DispatchWaiting()
    {
        if (_waiting is not null && _work.Writer.TryWrite(new WorkItem(_waiting, null, false)))
        {
            _waiting = null;
        }
    }

    /// <summary>A cut after everything dispatched. Null when there is nothing to commit.</summary>
    /// <param name="final">The partition goes away: write as much state as one commit may hold, so that the next owner replays little.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="Exception">The loop has failed.</exception>
    public async Task<Cut?> CutAsync(bool final, CancellationToken cancellationToken)
    {
        var cut = new TaskCompletionSource<Cut?>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_waiting is { } waiting)
        {
            await _work.Writer.WriteAsync(new WorkItem(waiting, null, false), cancellationToken);
            _waiting = null;
        }

        await _work.Writer.WriteAsync(new WorkItem(null, cut, final), cancellationToken);
        _dispatchedSinceCut = 0;
        return await cut.Task.WaitAsync(cancellationToken);
    }

    /// <summary>After a commit: the buffers can be used again.</summary>
    public void Recycle(Cut cut)
    {
        cut.Outputs.Clear();
        cut.State.Clear();
        Interlocked.Exchange(ref _spareOutputs, cut.Outputs);
        Interlocked.Exchange(ref _spareState, cut.State);
    }

    /// <summary>Ends the loop without finishing what is dispatched.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunWorkLoopAsync(long? committed)
    {
        Exception? end = null;
        try
        {
            await RestoreInTurnAsync(committed);
            await foreach (var item in _work.Reader.ReadAllAsync(_stop.Token))
            {
                if (item.Block is { } block)
                {
                    Process(block);
                }
                else
                {
                    item.Cut!.SetResult(MakeCut(item.IsFinal));
                }
            }
        }
        catch (OperationCanceledException stopped) when (_stop.IsCancellationRequested)
        {
            end = stopped;
        }
        catch (Exception fault)
        {
            // The owner starts the partition again from its committed offset, after a pause.
            ProcessingLog.PartitionFailed(_logger, fault, Partition);
            end = _fault = fault;
        }

        Close(end);
    }

    /// <summary>Nobody waits for a cut that does not come any more.</summary>
    private void Close(Exception? end)
    {
        _work.Writer.TryComplete(end);
        while (_work.Reader.TryRead(out var item))
        {
            item.Block?.Return();
            item.Cut?.TrySetException(end ?? new InvalidOperationException("The partition was closed."));
        }
    }

    /// <summary>
    /// Restores as soon as there is a processor for it. Partitions that share one all end when the last does; one after the other, most end sooner.
    /// </summary>
    private async Task RestoreInTurnAsync(long? committed)
    {
        await (_restores?.WaitAsync(_stop.Token) ?? Task.CompletedTask);
        try
        {
            await RestoreAsync(committed);
        }
        finally
        {
            _restores?.Release();
        }
    }

    private async Task RestoreAsync(long? committed)
    {
        var started = _time.GetTimestamp();
        var processor = new PartitionProcessor(_options, Partition, _schemas)
        {
            ProfileWatch = _profiles is null ? null : new ProfileWatch(_profiles),
        };
        if (_settings is not null)
        {
            // Pins are committed with the offsets: what has been committed is on the topic now.
            await _settings.CatchUpAsync(_stop.Token);
            processor.RestoreSettings(_settings.Book.PinsOf(_options.Group, Partition.Partition), _settings.Book.Find);
        }

        var report = await StateRestorer.RestoreAsync(
            _log,
            _options.StateTopic,
            Partition,
            committed,
            processor.Table,
            state => processor.RestorePartition(state.Span),
            record => processor.Process(record),
            _stop.Token);
        processor.Counts.Clear();
        _processor = processor;
        _position = report.Committed;
        if (report.Missing > 0)
        {
            ProcessingLog.ReplayIncomplete(_logger, Partition, report.Missing);
        }

        _cutAt = _recordAt = _time.GetTimestamp();
        Volatile.Write(ref _processedAt, _recordAt);
        Volatile.Write(ref _nextDueMs, processor.NextDueMs ?? long.MaxValue);
        ProcessingLog.PartitionRestored(
            _logger, Partition, report.Committed, processor.Table.Count, report.Replayed, _time.GetElapsedTime(started).TotalMilliseconds);
        Volatile.Write(ref _readySinceMs, _time.GetUtcNow().ToUnixTimeMilliseconds());
        PublishStatus(processor);
        _ready = true;
    }

    private void Process(RecordBlock block)
    {
        var processor = _processor!;
        Adopt(processor, block[0]);
        var (traced, nextTraced) = (block.Traced, 0);
        for (var i = 0; i < block.Count; i++)
        {
            var record = block[i];
            var trace = traced is not null && nextTraced < traced.Count && traced[nextTraced].Index == i
                ? ProcessingTraces.Start(traced[nextTraced++].Publish, Partition, record.Offset)
                : null;
            processor.Process(record);
            trace?.Dispose();
            _position = record.Offset + 1;
        }

        _recordsSinceCut += block.Count;
        _recordAt = _time.GetTimestamp();
        var lastMs = block[block.Count - 1].TimestampMs;
        Volatile.Write(ref _behindMs, Math.Min(_behindMs, _time.GetUtcNow().ToUnixTimeMilliseconds() - lastMs));
        Volatile.Write(ref _processedAt, _recordAt);
        Volatile.Write(ref _nextDueMs, processor.NextDueMs ?? long.MaxValue);
        block.Return();
        Ask(processor);
        _metrics.Add(processor.Counts);
        _wantsCut = _recordsSinceCut >= _options.CommitRecordsMax || processor.Outputs.Bytes >= _options.CommitBytesMax;
    }

    /// <summary>What is asked for waits until the owner of the consumer has appended it; meanwhile no more is asked for than may wait.</summary>
    private void Ask(PartitionProcessor processor)
    {
        if (processor.ProfileWatch is { Wanted.Count: > 0 } watch && WantedProfiles.IsEmpty)
        {
            watch.Wanted.ForEach(WantedProfiles.Enqueue);
            watch.Wanted.Clear();
        }
    }

    /// <summary>Newer settings are taken up between two blocks, never within one; where offsets were set back, what was pinned then counts.</summary>
    private void Adopt(PartitionProcessor processor, in LogRecord next)
    {
        if (_settings?.Book.Latest is { } latest
            && latest.Number > processor.Settings.LastVersion
            && next.Offset > processor.Settings.LastOffset)
        {
            processor.Pin(latest, next.Offset, next.TimestampMs);
            ProcessingLog.SettingsInForce(_logger, Partition, latest.Number, next.Offset);
        }
    }

    private Cut? MakeCut(bool final)
    {
        var processor = _processor!;
        var elapsed = final ? _options.State.SnapshotCycle : _time.GetElapsedTime(_cutAt);
        _cutAt = _time.GetTimestamp();
        _wantsCut = false;
        if (_recordsSinceCut == 0 && processor.Table.DirtyCount == 0)
        {
            PublishStatus(processor);
            return null;
        }

        var outputs = processor.TakeOutputs(Interlocked.Exchange(ref _spareOutputs, null) ?? new OutputBatch());
        var state = Interlocked.Exchange(ref _spareState, null) ?? new StateBatch();
        processor.Collect(state, _position, elapsed, final ? FinalStateBytesMax : null);
        var cut = new Cut(this, _position, _recordsSinceCut, processor.Table.TimeMs, outputs, state);
        _recordsSinceCut = 0;
        PublishStatus(processor);
        return cut;
    }

    private void PublishStatus(PartitionProcessor processor)
    {
        var table = processor.Table;
        DateTimeOffset? watermark = processor.Watermark > 0
            ? UnixMicros.ToTime(processor.Watermark)
            : null;
        _status = new PartitionStatus(
            Partition.Partition,
            true,
            _position,
            watermark,
            _time.GetElapsedTime(_recordAt) >= _options.IdleAfter,
            table.Count,
            processor.Pool.Count,
            table.DirtyCount,
            _position - Math.Min(_position, table.Floor),
            table.Evicted,
            processor.Pool.Evicted,
            processor.Pool.Bytes + processor.Pool.LateBytes);
    }

    private readonly record struct WorkItem(RecordBlock? Block, TaskCompletionSource<Cut?>? Cut, bool IsFinal);
}
