using System.Threading.Channels;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Alarms.Diagnostics;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Alarms.Outlets;

/// <summary>
/// Hands changes of alarms to an outlet, each at least once and those of one alarm in order: a consumer group whose offsets are committed after the delivery.
/// Each partition has one delivery at a time and a bounded queue behind it; a full one is paused, so a slow outlet holds up nobody else.
/// </summary>
/// <param name="log">The changes.</param>
/// <param name="name">Of the outlet, for messages and metrics.</param>
/// <param name="group">Consumer group.</param>
/// <param name="deliver">Returns when the change has been taken, or has been put aside for good; throws only when cancelled or the log failed.</param>
/// <param name="time">The clock of pauses.</param>
/// <param name="logger">Told of failures.</param>
internal sealed class DeliveryRunner(
    IRecordLog log, string name, string group, Func<Delivery, CancellationToken, Task> deliver, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int QueueMax = 64;
    /// <summary>A group that has never committed begins so far back: an outlet that is new is not told the history.</summary>
    private static readonly TimeSpan FirstBack = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleWait = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan BusyWait = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    public void Start() => _loop = Task.Factory.StartNew(
        () => LogFollower.RunAsync(
            FollowAsync, (error, pause) => AlarmsLog.OutletFailed(logger, name, pause, error), Restart, time, _stop.Token),
        CancellationToken.None,
        TaskCreationOptions.DenyChildAttach,
        TaskScheduler.Current).Unwrap();

    /// <summary>Ends deliveries under way; they are begun again after the next start.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _loop.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var lanes = new Lanes(log, group, time, deliver);
        try
        {
            await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = group, Topics = [LogTopics.Alarms], AssignmentListener = lanes });
            while (!cancellationToken.IsCancellationRequested)
            {
                var records = await consumer.PollAsync(QueueMax, lanes.IsBusy ? BusyWait : IdleWait, cancellationToken);
                for (var i = 0; i < records.Count; i++)
                {
                    lanes.Add(records[i]);
                }

                lanes.SetPauses(consumer);
                await lanes.CommitAsync(consumer, cancellationToken);
            }
        }
        finally
        {
            await lanes.EndAsync();
        }
    }

    /// <summary>The partitions assigned, each with its queue.</summary>
    private sealed class Lanes(IRecordLog log, string group, TimeProvider time, Func<Delivery, CancellationToken, Task> deliver) : IAssignmentListener
    {
        private readonly Dictionary<TopicPartition, Lane> _lanes = [];

        public bool IsBusy => _lanes.Values.Any(static l => l.IsBusy);

        public void Add(in LogRecord record)
        {
            if (_lanes.TryGetValue(new TopicPartition(record.Topic, record.Partition), out var lane))
            {
                lane.Add(record);
            }
        }

        public void SetPauses(IRecordConsumer consumer)
        {
            foreach (var (partition, lane) in _lanes)
            {
                lane.Fault?.Throw();
                if (lane.IsFull != lane.IsPaused)
                {
                    lane.IsPaused = lane.IsFull;
                    if (lane.IsPaused)
                    {
                        consumer.Pause([partition]);
                    }
                    else
                    {
                        consumer.Resume([partition]);
                    }
                }
            }
        }

        public async ValueTask CommitAsync(IRecordConsumer consumer, CancellationToken cancellationToken)
        {
            var done = _lanes.Where(static l => l.Value.Done > l.Value.Committed).ToDictionary(static l => l.Key, static l => l.Value.Done);
            if (done.Count == 0)
            {
                return;
            }

            await consumer.CommitAsync(done.ToDictionary(static d => d.Key, static d => new CommittedOffset(d.Value)), cancellationToken);
            foreach (var (partition, offset) in done)
            {
                _lanes[partition].Committed = offset;
            }
        }

        public async ValueTask AssignedAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            var committed = await log.QueryCommittedAsync(group, partitions, cancellationToken);
            foreach (var partition in partitions)
            {
                var first = -1L;
                if (!committed.ContainsKey(partition))
                {
                    first = await log.QueryOffsetForTimeAsync(partition, time.GetUtcNow() - FirstBack, cancellationToken)
                        ?? (await log.QueryOffsetsAsync(partition, cancellationToken)).High;
                    consumer.Seek(partition, first);
                }

                // Where it begins is committed at once, so that what was not delivered before a crash is not passed over after it.
                _lanes[partition] = new Lane(deliver, first);
            }
        }

        public async ValueTask RevokedAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            await CommitAsync(consumer, cancellationToken);
            await LostAsync(consumer, partitions, cancellationToken);
        }

        public async ValueTask LostAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            foreach (var partition in partitions)
            {
                if (_lanes.Remove(partition, out var lane))
                {
                    await lane.DisposeAsync();
                }
            }
        }

        public async ValueTask EndAsync()
        {
            foreach (var lane in _lanes.Values)
            {
                await lane.DisposeAsync();
            }

            _lanes.Clear();
        }
    }

    /// <summary>One partition: a queue, and the delivery of its head.</summary>
    private sealed class Lane : IAsyncDisposable
    {
        private readonly Channel<Delivery> _queue = Channel.CreateUnbounded<Delivery>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        private readonly CancellationTokenSource _stop = new();
        private readonly Func<Delivery, CancellationToken, Task> _deliver;
        private readonly Task _loop;
        private int _waiting;
        private long _done;
        private volatile System.Runtime.ExceptionServices.ExceptionDispatchInfo? _fault;

        public Lane(Func<Delivery, CancellationToken, Task> deliver, long first)
        {
            _done = first;
            _deliver = deliver;
            _loop = RunAsync();
        }

        /// <summary>Why it ended by itself.</summary>
        public System.Runtime.ExceptionServices.ExceptionDispatchInfo? Fault => _fault;

        /// <summary>Offset after the last change delivered.</summary>
        public long Done => Volatile.Read(ref _done);

        public long Committed { get; set; } = -1;

        public bool IsPaused { get; set; }

        public bool IsBusy => Volatile.Read(ref _waiting) > 0;

        /// <summary>The queue grows by one poll at most after it is full: it is bounded by two polls.</summary>
        public bool IsFull => Volatile.Read(ref _waiting) >= QueueMax;

        public void Add(in LogRecord record)
        {
            Interlocked.Increment(ref _waiting);
            _queue.Writer.TryWrite(new Delivery(record.Partition, record.Offset, record.TimestampMs, record.Value.ToArray(), Decode(record)));
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _loop;
            _stop.Dispose();
        }

        private static AlarmChange? Decode(in LogRecord record)
        {
            try
            {
                return ConfluentFrame.TryRead(record.Value, out _, out var message) && AlarmChange.Parser.ParseFrom(message.Span) is { Alarm: not null } change
                    ? change
                    : null;
            }
            catch (InvalidProtocolBufferException)
            {
                return null;
            }
        }

        private async Task RunAsync()
        {
            try
            {
                await foreach (var delivery in _queue.Reader.ReadAllAsync(_stop.Token))
                {
                    await _deliver(delivery, _stop.Token);
                    Volatile.Write(ref _done, delivery.Offset + 1);
                    Interlocked.Decrement(ref _waiting);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The owner begins again from what is committed.
                _fault = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(error);
            }
        }
    }
}
