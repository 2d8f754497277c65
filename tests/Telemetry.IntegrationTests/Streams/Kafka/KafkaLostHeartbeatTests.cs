using Telemetry.Streams;
using Telemetry.Streams.Kafka;
using Telemetry.Testing.Faults;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>
/// A coordinator names an assignment in one answer to a heartbeat. When a member never gets that answer, it has to ask with all it
/// has, or what it was told is never told again (KIP-848): common/librdkafka/full-heartbeat.patch.
/// </summary>
public sealed class KafkaLostHeartbeatTests(ProxiedKafka kafka) : IClassFixture<ProxiedKafka>
{
    /// <summary>Many heartbeats, and far less than the five minutes after which the coordinator throws out who does not let go.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _topic = $"lost-{Guid.NewGuid():N}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Partition_that_a_lost_answer_gave_is_taken()
    {
        kafka.Need();
        var letGo = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var first = await JoinAsync("first", 6);
        await first.HoldsAsync(6);
        await using var second = await JoinAsync("second", 6);
        await first.HoldsAsync(3);
        await second.HoldsAsync(3);
        second.Revoking = letGo.Task;
        await using var third = await JoinAsync("third", 6);
        await third.HoldsAsync(1);

        // Now that it has one it sends short heartbeats; a member without partitions asks with all it has anyway.
        var loss = await LoseAsync("third", 2);
        letGo.SetResult();
        await third.HoldsAsync(2);

        // Of an older epoch the coordinator would have fenced it, and told it anew when it joined again.
        var (before, lost) = loss.Epochs();
        lost.ShouldBe(before);
        third.Events.ShouldBe(["assigned 1", "assigned 1"]);
    }

    [Fact]
    public async Task Partition_that_a_lost_answer_took_away_is_let_go()
    {
        kafka.Need();
        await using var first = await JoinAsync("first", 2);
        await first.HoldsAsync(2);
        var loss = await LoseAsync("first", 1);
        await using var second = await JoinAsync("second", 2);

        await second.HoldsAsync(1);

        var (before, lost) = loss.Epochs();
        lost.ShouldBe(before);
        first.Events.ShouldBe(["assigned 2", "revoked 1"]);
        second.Events.ShouldBe(["assigned 1"]);
    }

    [Fact]
    public async Task Member_that_missed_a_new_epoch_loses_nothing()
    {
        kafka.Need();
        await using var second = await JoinAsync("second", 2);
        await second.HoldsAsync(2);
        Loss loss;
        await using (var first = await JoinAsync("first", 2))
        {
            await first.HoldsAsync(1);
            await second.HoldsAsync(1);
            loss = await LoseAsync("second", 2);
        }

        await second.HoldsAsync(2);

        var (before, lost) = loss.Epochs();
        lost.ShouldBeGreaterThan(before);
        second.Events.ShouldBe(["assigned 2", "revoked 1", "assigned 1"]);
    }

    private async Task<Member> JoinAsync(string name, int partitions)
    {
        var log = KafkaHost.Open(kafka.Need(), options => options with
        {
            ClientId = name,
            GroupProtocol = KafkaGroupProtocol.Consumer,
            RequestTimeout = TimeSpan.FromSeconds(5),
        });
        await log.EnsureTopicsAsync([new TopicSpec(_topic, partitions)], Cancel);
        return new Member(log, _topic);
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
        private int _before;
        private int? _lost;

        public Task Watching => _watching.Task;

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
        private readonly Lock _gate = new();
        private readonly List<string> _events = [];
        private readonly CancellationTokenSource _stop = new();
        private readonly KafkaLog _log;
        private readonly IRecordConsumer _consumer;
        private readonly Task _polling;
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _held;

        public Member(KafkaLog log, string topic)
        {
            _log = log;
            _consumer = log.CreateConsumer(new ConsumerOptions { Group = topic, Topics = [topic], AssignmentListener = this });
            _polling = Task.Run(RunPollLoopAsync);
        }

        /// <summary>Partitions are let go when this has ended, or the member leaves.</summary>
        public Task Revoking { get; set; } = Task.CompletedTask;

        public IReadOnlyList<string> Events
        {
            get
            {
                lock (_gate)
                {
                    return [.. _events];
                }
            }
        }

        public async Task HoldsAsync(int partitions)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            deadline.CancelAfter(Patience);
            while (true)
            {
                Task changed;
                lock (_gate)
                {
                    if (_held == partitions)
                    {
                        return;
                    }

                    changed = _changed.Task;
                }

                try
                {
                    await await Task.WhenAny(changed, _polling).WaitAsync(deadline.Token);
                }
                catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
                {
                    Assert.Fail($"'{_log.Options.ClientId}' does not hold {partitions} partitions after {Patience}: {string.Join(", ", Events)}");
                }
            }
        }

        public ValueTask AssignedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            Add("assigned", partitions.Count, partitions.Count);
            return default;
        }

        public async ValueTask RevokedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            await Task.WhenAny(Revoking, Task.Delay(Timeout.Infinite, _stop.Token));
            Add("revoked", partitions.Count, -partitions.Count);
        }

        public ValueTask LostAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            Add("lost", partitions.Count, -partitions.Count);
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
                    await _consumer.PollAsync(10, TimeSpan.FromSeconds(1), _stop.Token);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }

        private void Add(string what, int partitions, int change)
        {
            lock (_gate)
            {
                _events.Add($"{what} {partitions}");
                _held += change;
                _changed.SetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
