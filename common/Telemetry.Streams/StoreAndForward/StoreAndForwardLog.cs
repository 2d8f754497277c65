using Microsoft.Extensions.Logging;
using Telemetry.Streams.Journal.Files;

namespace Telemetry.Streams.StoreAndForward;

/// <summary>
/// A journal in front of a log that may be away for hours. A record is acknowledged once it is durable on this machine's disk, within a bound
/// of bytes; a forwarder brings it to the target: at once for a device that has no backlog, paced and in order for one that has. A device's
/// records leave in the order of their appends. What the target has acknowledged is committed afterwards, so that after a crash some records
/// are sent again: downstream they are recognised by their event ids.
/// </summary>
public sealed class StoreAndForwardLog : IAsyncDisposable
{
    private static readonly TimeSpan MeasureInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan CommitInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(3);

    private readonly StoreAndForwardOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ForwardJournal _journal;
    private readonly ForwardMetrics _metrics;
    private readonly ForwardRoom _room;
    private readonly DrainPace _pace;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<TopicPartition, long> _positions = [];
    private readonly Lock _gate = new();
    private Forwarder? _forwarder;
    private Task _running = Task.CompletedTask;
    private ForwardStatus _status;
    private bool _full;
    private string _target = "the log";

    private StoreAndForwardLog(StoreAndForwardOptions options, ForwardJournal journal, ILogger logger, TimeProvider time)
    {
        (_options, _journal, _logger, _time) = (options, journal, logger, time);
        _metrics = new ForwardMetrics(() => Status);
        _room = new ForwardRoom(options.MaxBytes, _metrics.Refused);
        _pace = new DrainPace(options.DrainRate, time);
    }

    /// <summary>Completes with the cause when the journal cannot go on: end the process.</summary>
    public Task<Exception> Failed => _journal.Log.Failed;

    /// <summary>How far forwarding is; bytes and age as of the last second.</summary>
    public ForwardStatus Status
    {
        get
        {
            lock (_gate)
            {
                return _forwarder is null ? _status : _status with { Records = _forwarder.Waiting, Dropped = _metrics.DroppedTotal };
            }
        }
    }

    /// <summary>Why nothing more is taken; null when it is.</summary>
    public string? NotReadyReason => _options.WhenFull == WhenFull.RefuseNew && _room.IsFull
        ? $"store and forward is full ({_options.MaxBytes} bytes) and waits for {_target}"
        : null;

    /// <summary>Why nothing is forwarded; null when it is.</summary>
    public string? AwayReason => _forwarder?.AwayReason;

    /// <summary>Told of each removal of records that were not forwarded, by one thread; must be quick.</summary>
    public Action<ForwardDrop>? Dropped { get; set; }

    /// <summary>Opens the journal.</summary>
    /// <param name="options">Where and how much.</param>
    /// <param name="journal">Commit interval, limits of records and free space.</param>
    /// <param name="topics">Topics that are stored and forwarded.</param>
    /// <param name="loggerFactory">Logs.</param>
    /// <param name="time">Clock.</param>
    /// <exception cref="RecordLogException">The journal is damaged, the disk full, or another process has it.</exception>
    public static ValueTask<StoreAndForwardLog> OpenAsync(
        StoreAndForwardOptions options, JournalOptions journal, IReadOnlyList<string> topics, ILoggerFactory loggerFactory, TimeProvider time) =>
        OpenAsync(options, journal, topics, loggerFactory, time, SystemFiles.Instance);

    internal static async ValueTask<StoreAndForwardLog> OpenAsync(
        StoreAndForwardOptions options, JournalOptions journal, IReadOnlyList<string> topics, ILoggerFactory loggerFactory, TimeProvider time,
        IJournalFiles files)
    {
        var opened = await ForwardJournal.OpenAsync(options, journal, topics, loggerFactory, time, files);
        var log = new StoreAndForwardLog(options, opened, loggerFactory.CreateLogger<StoreAndForwardLog>(), time);
        try
        {
            foreach (var (topic, position, _) in await opened.PositionsAsync())
            {
                log._positions[opened.Local(topic)] = position;
            }

            await log.MeasureAsync();
            return log;
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }
    }

    /// <summary>A producer of records that are stored here and forwarded.</summary>
    public IRecordProducer CreateProducer(ProducerOptions options) => new ForwardProducer(_journal, _room, options);

    /// <summary>Begins to forward.</summary>
    public async Task StartAsync(IForwardTarget target)
    {
        _target = target.Name;
        _forwarder = new Forwarder(_journal, await _journal.PositionsAsync(), target, _pace, _metrics, _logger, _time);
        _logger.ForwardOpened(_options.Directory, Status.Records, target.Name);
        _running = Task.WhenAll(_forwarder.RunAsync(_stop.Token), Task.Run(RunHousekeepingLoopAsync));
    }

    /// <summary>Ends forwarding; what was sent is waited for a moment, what waits stays on disk.</summary>
    public async Task StopAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_forwarder is not null)
        {
            await _forwarder.CloseAsync(FlushLimit);
            try
            {
                await CommitAsync();
            }
            catch (Exception error) when (error is RecordLogException or IOException or UnauthorizedAccessException)
            {
                _logger.ForwardNotCommitted(error);
            }

            await _forwarder.DisposeAsync();
        }
    }

    /// <summary>Stops and closes the journal.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _journal.DisposeAsync();
        _metrics.Dispose();
        _stop.Dispose();
    }

    private async Task RunHousekeepingLoopAsync()
    {
        using var timer = new PeriodicTimer(MeasureInterval, _time);
        var (measured, seen) = (_time.GetTimestamp(), 0L);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    MakeRoom();
                    if (_time.GetElapsedTime(measured) is var elapsed && elapsed >= CommitInterval)
                    {

                        // What came in while nothing went out is backlog, not the rate to keep up with.
                        _pace.Arriving(_forwarder!.Flows ? (long)((_room.Appended - seen) / elapsed.TotalSeconds) : 0);
                        (measured, seen) = (_time.GetTimestamp(), _room.Appended);
                        await CommitAsync();
                        await MeasureAsync();
                    }
                }
                catch (Exception error) when (error is RecordLogException or IOException or UnauthorizedAccessException)
                {
                    // A failure costs copies after a restart, or room; the next tick tries again.
                    _logger.ForwardNotCommitted(error);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    /// <summary>Counts bytes; drops the oldest records where that is wanted and needed.</summary>
    private void MakeRoom()
    {
        var bytes = _journal.Bytes;
        while (_options.WhenFull == WhenFull.DropOldest && bytes > _options.MaxBytes - (_options.MaxBytes / 8) && _journal.Oldest() is { } oldest)
        {
            Drop(oldest.Topic, oldest.End, oldest.NewestMs);
            bytes = _journal.Bytes;
        }

        var wasFull = _full;
        _room.Measured(bytes);
        _full = _room.IsFull;
        if (_full != wasFull && _options.WhenFull == WhenFull.RefuseNew)
        {
            if (_full)
            {
                _logger.ForwardFull(bytes, _options.MaxBytes, _target);
            }
            else
            {
                _logger.ForwardHasRoom();
            }
        }
    }

    private void Drop(string topic, long end, long newestMs)
    {
        var records = _forwarder!.Lane(topic).Drop(end);
        _journal.RemoveForwarded(topic, end);
        if (records > 0)
        {
            _metrics.Dropped(records, topic);
            _logger.ForwardDropped(records, topic, _target, _metrics.DroppedTotal);
            Dropped?.Invoke(new ForwardDrop(topic, records, newestMs));
        }
    }

    /// <summary>Writes down what the target has, then gives its space back.</summary>
    private async Task CommitAsync()
    {
        var moved = new Dictionary<TopicPartition, CommittedOffset>();
        foreach (var lane in _forwarder!.Lanes)
        {
            var position = lane.Position;
            if (position > _positions[lane.Local])
            {
                moved[lane.Local] = new CommittedOffset(position);
            }
        }

        if (moved.Count == 0)
        {
            return;
        }

        await _journal.Log.CommitAsync(ForwardJournal.Group, moved);
        foreach (var (local, position) in moved)
        {
            _positions[local] = position.Offset;
        }

        foreach (var lane in _forwarder.Lanes)
        {
            _journal.RemoveForwarded(lane.Topic, _positions[lane.Local]);
        }
    }

    private async Task MeasureAsync()
    {
        var lags = await _journal.Log.QueryLagAsync(_positions, CancellationToken.None);
        var disk = _journal.Bytes;
        var (records, there) = (0L, 0L);
        var age = TimeSpan.Zero;
        foreach (var lag in lags)
        {
            var range = await _journal.Log.QueryOffsetsAsync(lag.Partition, CancellationToken.None);
            records += lag.Records;
            there += range.High - range.Low;
            age = lag.Time > age ? lag.Time : age;
        }

        lock (_gate)
        {
            _status = new ForwardStatus(
                records, there == 0 ? 0 : (long)((double)disk * records / there), age, disk, _options.MaxBytes, _metrics.DroppedTotal);
        }
    }
}
