using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Telemetry.Streams;
using Telemetry.Streams.Kafka;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Testing.Faults;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>
/// A coordinator names an assignment in one answer to a heartbeat (KIP-848). When a member never gets that answer, librdkafka does
/// not ask for it again; the member has to leave the group and join again, or a partition stays without a reader.
/// </summary>
public sealed class KafkaLostHeartbeatTests(ProxiedKafka kafka) : IClassFixture<ProxiedKafka>, IDisposable
{
    private const string ByLog = "heartbeat-timeout";
    private const string ByComparing = "assignment-differs";

    /// <summary>Many heartbeats, and far less than the five minutes after which the coordinator throws out who does not let go.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int RecordsAtATime = 25;

    private readonly Deliveries _delivered = new();
    private readonly string _topic = $"lost-{Guid.NewGuid():N}";
    private readonly RejoinCounts _rejoins = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The log line of librdkafka that tells of it is no contract: the cause shows that it still reads as we expect.</summary>
    [Theory]
    [InlineData(true, ByLog)]
    [InlineData(false, ByComparing)]
    public async Task Partition_that_a_lost_answer_gave_is_taken(bool healsByLog, string cause)
    {
        kafka.Need();
        var letGo = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var first = await JoinAsync("first", 6, healsByLog);
        await Member.HoldAsync((first, 6));
        await using var second = await JoinAsync("second", 6, healsByLog);
        await Member.HoldAsync((first, 3), (second, 3));
        second.Revoking = letGo.Task;
        await using var third = await JoinAsync("third", 6, healsByLog);
        await Member.HoldAsync((third, 1));

        // Now that it has one it sends short heartbeats; a member without partitions asks with all it has anyway.
        var loss = await LoseAsync("third", 2);
        letGo.SetResult();
        await loss.Lost.WaitAsync(Patience, Cancel);
        var lost = TimeProvider.System.GetTimestamp();
        await Member.HoldAsync((first, 2), (second, 2), (third, 2));

        // Of an older epoch the coordinator would have fenced it, and told it anew when it joined again.
        Tell(lost);
        var (before, epoch) = loss.Epochs();
        epoch.ShouldBe(before);
        _rejoins.Of(_topic, cause).ShouldBeGreaterThanOrEqualTo(1);
        third.Events[0].ShouldBe("assigned 1");
        third.Events.ShouldNotContain(static e => e.StartsWith("lost", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, ByLog)]
    [InlineData(false, ByComparing)]
    public async Task Partition_that_a_lost_answer_took_away_is_let_go(bool healsByLog, string cause)
    {
        kafka.Need();
        await using var first = await JoinAsync("first", 2, healsByLog);
        await Member.HoldAsync((first, 2));
        var loss = await LoseAsync("first", 1);
        await using var second = await JoinAsync("second", 2, healsByLog);
        await loss.Lost.WaitAsync(Patience, Cancel);
        var lost = TimeProvider.System.GetTimestamp();

        await Member.HoldAsync((first, 1), (second, 1));

        Tell(lost);
        var (before, epoch) = loss.Epochs();
        epoch.ShouldBe(before);
        _rejoins.Of(_topic, cause).ShouldBeGreaterThanOrEqualTo(1);
        first.Events[0].ShouldBe("assigned 2");
        first.Events[1].ShouldBe("revoked 2");
        second.Events.ShouldNotContain(static e => e.StartsWith("lost", StringComparison.Ordinal));
    }

    /// <summary>
    /// A heartbeat of an old epoch is fenced: then the member gives up what it has and joins again, unless it was healed before the next
    /// heartbeat. Either way no partition stays without a reader, and the group reads every record at least once: what its members commit
    /// never passes a record that none of them was given. (That each is stored once is the sink's own doing, whatever the group does to it.)
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Member_that_missed_a_new_epoch_has_every_partition_again(bool healsByLog)
    {
        kafka.Need();
        await using var second = await JoinAsync("second", 2, healsByLog);
        await Member.HoldAsync((second, 2));
        await using var log = Open("writer", healsByLog);
        await using var producer = log.CreateProducer(new ProducerOptions());
        await AppendAsync(producer);
        Loss loss;
        await using (var first = await JoinAsync("first", 2, healsByLog))
        {
            await Member.HoldAsync((first, 1), (second, 1));
            await AppendAsync(producer);
            loss = await LoseAsync("second", 2);
        }

        await loss.Lost.WaitAsync(Patience, Cancel);
        await AppendAsync(producer);
        await Member.HoldAsync((second, 2));
        await AppendAsync(producer);

        var (before, lost) = loss.Epochs();
        lost.ShouldBeGreaterThan(before);
        await _delivered.WaitAsync(2, 4 * RecordsAtATime, Patience, Cancel);
    }

    public void Dispose() => _rejoins.Dispose();

    private static void Tell(long lost) => TestContext.Current.TestOutputHelper!.WriteLine(
        $"Healed {TimeProvider.System.GetElapsedTime(lost).TotalSeconds:F1} s after the answer was lost.");

    private async Task<Member> JoinAsync(string name, int partitions, bool healsByLog)
    {
        var log = Open(name, healsByLog);
        await log.EnsureTopicsAsync([new TopicSpec(_topic, partitions)], Cancel);
        return new Member(log, _topic, _delivered);
    }

    private KafkaLog Open(string name, bool healsByLog) => KafkaHost.Open(kafka.Need(), options => options with
    {
        ClientId = name,
        GroupProtocol = KafkaGroupProtocol.Consumer,
        RequestTimeout = TimeSpan.FromSeconds(5),
        AssignmentCheckInterval = healsByLog ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(2),
        HealsByLog = healsByLog,
    });

    /// <summary>So many records to each of two partitions, acknowledged when this returns.</summary>
    private async Task AppendAsync(IRecordProducer producer)
    {
        for (var i = 0; i < 2 * RecordsAtATime; i++)
        {
            producer.TryAppend(new NewRecord { Topic = _topic, Partition = i % 2, Value = [1], TimestampMs = 1 }, null, 0).ShouldBeTrue();
        }

        await producer.FlushAsync(Cancel);
    }

    /// <summary>
    /// Loses the next answer that tells this client to have so many partitions. Returns when one has passed that tells it nothing
    /// new: it has acknowledged what it has.
    /// </summary>
    private async Task<Loss> LoseAsync(string clientId, int partitions)
    {
        var loss = new Loss(clientId, partitions);
        kafka.Proxy.Lose(loss.Takes);
        await loss.Watching.WaitAsync(Patience, Cancel);
        return loss;
    }

    private sealed class Loss(string clientId, int partitions)
    {
        private readonly Lock _gate = new();
        private readonly TaskCompletionSource _watching = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _before;
        private int? _lost;

        public Task Watching => _watching.Task;

        /// <summary>The answer has been lost.</summary>
        public Task Lost => _done.Task;

        /// <summary>The member's epoch in the last answer before the one that was lost, and in that one.</summary>
        public (int Before, int Lost) Epochs()
        {
            lock (_gate)
            {
                return (_before, _lost.ShouldNotBeNull("No answer was lost."));
            }
        }

        public bool Takes(KafkaAnswer answer)
        {
            if (answer.ApiKey != HeartbeatAnswer.ApiKey || answer.ClientId != clientId)
            {
                return false;
            }

            var told = HeartbeatAnswer.Parse(answer.Body.Span);
            lock (_gate)
            {
                if (_lost is not null)
                {
                    return false;
                }

                if (_watching.Task.IsCompleted && told.Partitions == partitions)
                {
                    _lost = told.MemberEpoch;
                    _done.SetResult();
                    return true;
                }

                _before = told.MemberEpoch;
            }

            if (told.Partitions is null)
            {
                _watching.TrySetResult();
            }

            return false;
        }
    }

    /// <summary>A consumer that is polled all the time.</summary>
    private sealed class Member : IAssignmentListener, IAsyncDisposable
    {
        private static readonly Lock Gate = new();
        private static TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private readonly List<string> _events = [];
        private readonly HashSet<TopicPartition> _held = [];
        private readonly CancellationTokenSource _stop = new();
        private readonly KafkaLog _log;
        private readonly Deliveries _delivered;
        private readonly IRecordConsumer _consumer;
        private readonly Task _polling;

        public Member(KafkaLog log, string topic, Deliveries delivered)
        {
            (_log, _delivered) = (log, delivered);
            _consumer = log.CreateConsumer(new ConsumerOptions { Group = topic, Topics = [topic], AssignmentListener = this });
            _polling = Task.Run(RunPollLoopAsync);
        }

        /// <summary>Partitions are let go when this has ended, or the member leaves.</summary>
        public Task Revoking { get; set; } = Task.CompletedTask;

        public IReadOnlyList<string> Events
        {
            get
            {
                lock (Gate)
                {
                    return [.. _events];
                }
            }
        }

        /// <summary>Waits until the members hold so many partitions each at one moment, none of them twice.</summary>
        public static async Task HoldAsync(params (Member Member, int Partitions)[] members)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            deadline.CancelAfter(Patience);
            while (true)
            {
                Task changed;
                lock (Gate)
                {
                    if (members.All(static m => m.Member._held.Count == m.Partitions)
                        && members.SelectMany(static m => m.Member._held).Distinct().Count() == members.Sum(static m => m.Partitions))
                    {
                        return;
                    }

                    changed = _changed.Task;
                }

                try
                {
                    await await Task.WhenAny([changed, .. members.Select(static m => m.Member._polling)]).WaitAsync(deadline.Token);
                }
                catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
                {
                    Assert.Fail($"After {Patience}: " + string.Join(
                        "; ", members.Select(static m => $"'{m.Member._log.Options.ClientId}' should hold {m.Partitions}: {string.Join(", ", m.Member.Events)}")));
                }
            }
        }

        public ValueTask AssignedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            Add("assigned", partitions);
            return default;
        }

        public async ValueTask RevokedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            await Task.WhenAny(Revoking, Task.Delay(Timeout.Infinite, _stop.Token));
            Add("revoked", partitions);
        }

        public ValueTask LostAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            Add("lost", partitions);
            return default;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _polling;
            await _consumer.DisposeAsync();
            await _log.DisposeAsync();
            _stop.Dispose();
        }

        private async Task RunPollLoopAsync()
        {
            try
            {
                while (true)
                {
                    var records = await _consumer.PollAsync(10, TimeSpan.FromSeconds(1), _stop.Token);
                    if (records.Count > 0)
                    {
                        _delivered.Add(records);
                        await CommitAsync(records);
                    }
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }

        /// <summary>Refused to a member that has been fenced: then whoever has the partition reads these records again.</summary>
        private async Task CommitAsync(IReadOnlyList<LogRecord> records)
        {
            try
            {
                await _consumer.CommitAsync(
                    records.GroupBy(static r => new TopicPartition(r.Topic, r.Partition))
                        .ToDictionary(static g => g.Key, static g => new CommittedOffset(g.Max(static r => r.Offset) + 1)),
                    _stop.Token);
            }
            catch (RecordLogException)
            {
                return;
            }
        }

        private void Add(string what, IReadOnlyList<TopicPartition> partitions)
        {
            lock (Gate)
            {
                _events.Add($"{what} {partitions.Count}");
                if (what == "assigned")
                {
                    _held.UnionWith(partitions);
                }
                else
                {
                    _held.ExceptWith(partitions);
                }

                _changed.SetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    /// <summary>Which records have been given to any member of the group.</summary>
    private sealed class Deliveries
    {
        private readonly Lock _gate = new();
        private readonly HashSet<(int Partition, long Offset)> _records = [];
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Add(IReadOnlyList<LogRecord> records)
        {
            lock (_gate)
            {
                _records.UnionWith(records.Select(static r => (r.Partition, r.Offset)));
                _changed.SetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        /// <summary>Waits until each of the partitions has given its first records, so many of them, without a hole.</summary>
        public async Task WaitAsync(int partitions, int records, TimeSpan patience, CancellationToken cancellationToken)
        {
            var wanted = Enumerable.Range(0, partitions).SelectMany(p => Enumerable.Range(0, records).Select(o => (p, (long)o))).ToHashSet();
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(patience);
            while (true)
            {
                Task changed;
                lock (_gate)
                {
                    wanted.ExceptWith(_records);
                    changed = _changed.Task;
                }

                if (wanted.Count == 0)
                {
                    return;
                }

                try
                {
                    await changed.WaitAsync(deadline.Token);
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    Assert.Fail($"After {patience} no member has been given {string.Join(", ", wanted.Order().Take(20))}.");
                }
            }
        }
    }

    /// <summary>What the counter of rejoins says, by group and cause.</summary>
    private sealed class RejoinCounts : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<(string Group, string Cause), long> _counts = new();

        public RejoinCounts()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "telemetry.streams.consumer.rejoins")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
            {
                var labels = tags.ToArray().ToDictionary(static t => t.Key, static t => t.Value!.ToString()!);
                _counts.AddOrUpdate((labels["group"], labels["cause"]), value, (_, sum) => sum + value);
            });
            _listener.Start();
        }

        public long Of(string group, string cause) => _counts.GetValueOrDefault((group, cause));

        public void Dispose() => _listener.Dispose();
    }
}
