using Microsoft.Extensions.Logging;
using Telemetry.Contracts.Faults;

namespace Telemetry.Streams.StoreAndForward;

/// <summary>
/// Brings the journal's records to the target. One loop follows the journal's end and sends what may go at once; another opens the target and
/// drains the backlog, paced and from the oldest on, so that devices advance together. See <see cref="ForwardLane"/> for who may go.
/// </summary>
internal sealed class Forwarder : IAsyncDisposable
{
    private const int RecordsAPoll = 500;

    private static readonly TimeSpan PollWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>So long live data waits for room at a target that is slow, before it becomes backlog.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ForwardJournal _journal;
    private readonly IForwardTarget _target;
    private readonly DrainPace _pace;
    private readonly ForwardMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ForwardLane[] _lanes;
    private readonly Pulse _backlog = new();
    private readonly Lock _gate = new();
    private CancellationTokenSource _open = new();
    private IRecordProducer? _producer;
    private RecordLogException? _error;
    private volatile string? _away = "not reached yet";
    private volatile bool _slow;

    public Forwarder(
        ForwardJournal journal, IReadOnlyList<(string Topic, long Position, long End)> positions, IForwardTarget target, DrainPace pace,
        ForwardMetrics metrics, ILogger logger, TimeProvider time)
    {
        (_journal, _target, _pace, _metrics, _logger, _time) = (journal, target, pace, metrics, logger, time);
        _lanes = [.. positions.Select(p => new ForwardLane(p.Topic, journal.Local(p.Topic), p.Position, p.End, Answered))];
    }

    public IReadOnlyList<ForwardLane> Lanes => _lanes;

    /// <summary>Why the target does not take records; null when it does.</summary>
    public string? AwayReason => _away ?? (_slow ? "it takes nothing more for now" : null);

    /// <summary>Records on disk that the target does not have.</summary>
    public long Waiting => _lanes.Sum(lane => Math.Max(0, _journal.Log.Topic(lane.Local.Topic).Partitions[0].Stable - lane.Position));

    /// <summary>True: the target has room, as far as known.</summary>
    public bool Flows => _away is null && !_slow;

    public ForwardLane Lane(string topic) => Array.Find(_lanes, lane => lane.Topic == topic)!;

    public Task RunAsync(CancellationToken stop) => Task.WhenAll(
        Task.Run(() => LogFollower.RunAsync(FollowAsync, ReadFailed, FirstPause, _time, stop), CancellationToken.None), Task.Run(() => RunTargetLoopAsync(stop), CancellationToken.None));

    /// <summary>After the loops have ended: waits a moment for what was sent.</summary>
    public async Task CloseAsync(TimeSpan limit)
    {
        if (_producer is { } producer)
        {
            try
            {
                await producer.FlushAsync(CancellationToken.None).AsTask().WaitAsync(limit, _time);
            }
            catch (Exception error) when (error is TimeoutException or RecordLogException)
            {
                // What is not acknowledged is sent again after the next start.
            }
        }
    }

    /// <summary>Lets the target go; after <see cref="CloseAsync"/> and the last commit.</summary>
    public async ValueTask DisposeAsync()
    {
        await DisposeTargetAsync();
        _open.Dispose();
    }

    private async ValueTask DisposeTargetAsync()
    {
        CloseLanes();
        if (_producer is { } producer)
        {
            _producer = null;
            await producer.DisposeAsync();
        }
    }

    private void Answered(RecordLogException? error)
    {
        if (error is not null)
        {
            lock (_gate)
            {
                _error ??= error;
                _ = _open.CancelAsync(); // Whoever waits goes on elsewhere: this may be the target's own thread, in a lock.
            }
        }
    }

    private void ReadFailed(Exception error, TimeSpan delay) => _logger.ForwardReadFailed(delay.TotalSeconds, error);

    /// <summary>The live loop: sends what may go at once, and leaves the rest to the backlog.</summary>
    private async Task FollowAsync(CancellationToken stop)
    {
        await using var consumer = _journal.Log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([.. _lanes.Select(lane => lane.Local)]);
        foreach (var lane in _lanes)
        {
            consumer.Seek(lane.Local, lane.Live);
        }

        while (true)
        {
            var left = false;
            foreach (var record in await consumer.PollAsync(RecordsAPoll, PollWait, stop))
            {
                left |= !await SendLiveAsync(LaneOf(record), record, stop);
            }

            if (left)
            {
                _backlog.Signal();
            }
        }
    }

    private ForwardLane LaneOf(in LogRecord record)
    {
        foreach (var lane in _lanes)
        {
            if (lane.Local.Topic == record.Topic)
            {
                return lane;
            }
        }

        throw new InvalidOperationException($"Topic '{record.Topic}' is not forwarded.");
    }

    /// <returns>False: it is left to the backlog.</returns>
    private async ValueTask<bool> SendLiveAsync(ForwardLane lane, LogRecord record, CancellationToken stop)
    {
        while (true)
        {
            switch (lane.OfferLive(record, mayWait: !_slow))
            {
                case SendResult.Sent:
                    _metrics.Live();
                    return true;
                case SendResult.Waits:
                    return false;
                default:
                    if (!await HasRoomSoonAsync(stop))
                    {
                        _slow = true;
                    }

                    break;
            }
        }
    }

    private async ValueTask<bool> HasRoomSoonAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        try
        {
            await (_producer?.WaitForCapacityAsync(limit.Token) ?? ValueTask.CompletedTask);
            return true;
        }
        catch (Exception error) when (!stop.IsCancellationRequested && error is OperationCanceledException or RecordLogException)
        {
            return false;
        }
    }

    private async Task RunTargetLoopAsync(CancellationToken stop)
    {
        await using var consumer = _journal.Log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([.. _lanes.Select(lane => lane.Local)]);
        var pause = new RestartPause(FirstPause, LongestPause, well: LongestPause, _time);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await OpenAsync(stop);
                pause.Started();
                await DrainAsync(consumer, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return; // What was sent is still answered: the target is let go by whoever stops us.
            }
            catch (Exception error)
            {
                var delay = pause.Failed();
                var cause = Volatile.Read(ref _error) ?? error;
                if (_away is null || _away != cause.Message)
                {
                    _logger.ForwardLost(_target.Name, cause.Message, delay.TotalSeconds);
                }

                _away = cause.Message;
                _metrics.Fault();
                await DisposeTargetAsync();
                await Task.Delay(delay, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task OpenAsync(CancellationToken stop)
    {
        var producer = await _target.OpenAsync(stop);
        lock (_gate)
        {
            _open.Dispose();
            _open = CancellationTokenSource.CreateLinkedTokenSource(stop);
            _error = null;
        }

        _producer = producer;
        _slow = false;
        foreach (var lane in _lanes)
        {
            lane.Open(producer);
        }

        if (_away is not null)
        {
            _away = null;
            _logger.ForwardFound(_target.Name, Waiting);
        }
    }

    /// <summary>Sends the backlog, as often as there is one, until the target fails.</summary>
    private async Task DrainAsync(IRecordConsumer consumer, CancellationToken stop)
    {
        var open = _open.Token;
        while (true)
        {
            var with = new List<TopicPartition>();
            foreach (var lane in _lanes)
            {
                if (lane.NextOfBacklog() is not { } next)
                {
                    continue;
                }

                with.Add(lane.Local);
                if (consumer.Position(lane.Local) != next)
                {
                    consumer.Seek(lane.Local, next);
                }
            }

            if (with.Count == 0)
            {
                await _backlog.WaitAsync(open);
                continue;
            }

            consumer.Pause([.. _lanes.Select(lane => lane.Local).Except(with)]);
            consumer.Resume(with);
            await SendBacklogAsync(consumer, with, open);
            stop.ThrowIfCancellationRequested();
        }
    }

    private async Task SendBacklogAsync(IRecordConsumer consumer, List<TopicPartition> with, CancellationToken open)
    {
        var records = await consumer.PollAsync(RecordsAPoll, PollWait, open);
        foreach (var record in records)
        {
            var lane = LaneOf(record);
            SendResult result;
            while ((result = lane.OfferBacklog(record)) == SendResult.NoRoom)
            {
                _slow |= !await HasRoomSoonAsync(open);
                open.ThrowIfCancellationRequested();
            }

            if (result == SendResult.Sent)
            {
                if (_slow)
                {
                    // What came in meanwhile is backlog, not the rate to keep up with.
                    _slow = false;
                    _pace.Arriving(0);
                }

                _metrics.Backlog();
                await _pace.SentAsync(record.Key.Length + record.Value.Length, open);
            }
        }

        if (records.Count == 0)
        {
            // Offsets of appends that failed, or of removed records: there is nothing to read.
            foreach (var lane in _lanes.Where(lane => with.Contains(lane.Local)))
            {
                lane.SkipTo(consumer.Position(lane.Local));
            }
        }
    }

    private void CloseLanes()
    {
        foreach (var lane in _lanes)
        {
            lane.Close();
        }
    }
}
