using System.Collections.Concurrent;
using Telemetry.Streams;

namespace Telemetry.Tests.Streams;

/// <summary>Groups: even spread, few moves, and a partition changes hands only when its owner has let go.</summary>
public abstract class GroupContract(IRecordLogHost host) : RecordLogContract(host)
{
    [Fact]
    public async Task Second_member_gets_half_and_the_first_keeps_the_other_half()
    {
        var topic = await NewTopicAsync(6);
        var group = NewName();
        var events = new Events();
        await using var first = Join(group, topic, events.Of("first"));
        await PollUntilAsync([first], () => first.Assignment.Count == 6);
        var before = first.Assignment.ToHashSet();
        await using var second = Join(group, topic, events.Of("second"));
        await PollUntilAsync([first, second], () => first.Assignment.Count == 3 && second.Assignment.Count == 3);

        first.Assignment.ShouldBeSubsetOf(before);
        first.Assignment.Intersect(second.Assignment).ShouldBeEmpty();
    }

    [Fact]
    public async Task Three_members_share_seven_partitions_with_one_more_for_one_of_them()
    {
        var topic = await NewTopicAsync(7);
        var group = NewName();
        var members = Enumerable.Range(0, 3).Select(_ => Join(group, topic, null)).ToList();
        await PollUntilAsync(members, () => members.Sum(member => member.Assignment.Count) == 7
            && members.TrueForAll(member => member.Assignment.Count is 2 or 3));

        members.SelectMany(member => member.Assignment).Distinct().Count().ShouldBe(7);
        foreach (var member in members)
        {
            await member.DisposeAsync();
        }
    }

    [Fact]
    public async Task Partition_goes_to_another_only_after_revoked_has_returned()
    {
        var topic = await NewTopicAsync(2);
        var group = NewName();
        var events = new Events();
        var release = new TaskCompletionSource();
        var revoking = new TaskCompletionSource();
        var listener = events.Of("first");
        listener.OnRevoked = async () =>
        {
            revoking.TrySetResult();
            await release.Task;
        };
        await using var first = Join(group, topic, listener);
        await PollUntilAsync([first], () => first.Assignment.Count == 2);
        await using var second = Join(group, topic, events.Of("second"));
        using var stop = new CancellationTokenSource();
        var polling = PollForeverAsync(first, stop.Token);
        try
        {
            await PollUntilAsync([second], () => revoking.Task.IsCompleted);
            for (var i = 0; i < 5; i++)
            {
                await second.PollAsync(10, TimeSpan.FromMilliseconds(10), Cancel);
                second.Assignment.ShouldBeEmpty();
            }

            release.SetResult();
            await PollUntilAsync([second], () => second.Assignment.Count == 1);
        }
        finally
        {
            // Closing waits for the listener, and nobody closes while another polls.
            release.TrySetResult();
            await stop.CancelAsync();
            await polling;
        }

        var order = events.Order;
        if (MembersMayRejoin)
        {
            order[0].ShouldBe("first assigned 2");
            order.TakeWhile(text => !text.StartsWith("second assigned", StringComparison.Ordinal))
                .ShouldContain(text => text.StartsWith("first revoked", StringComparison.Ordinal));
        }
        else
        {
            order.ShouldBe(["first assigned 2", "first revoked 1", "second assigned 1"]);
        }
    }

    [Fact]
    public async Task Partition_that_was_paused_when_it_was_taken_away_is_read_when_it_comes_back()
    {
        var topic = await NewTopicAsync(2);
        var group = NewName();
        await using var producer = Log.CreateProducer(new ProducerOptions());
        var listener = new Events().Of("first");
        var given = new ConcurrentQueue<TopicPartition>();
        listener.OnAssignedPartitions = partitions => partitions.ToList().ForEach(given.Enqueue);
        await using var first = Join(group, topic, listener);
        await PollUntilAsync([first], () => first.Assignment.Count == 2);
        given.Clear();
        first.Pause(first.Assignment);
        (await DrainAsync(first)).ShouldBeEmpty();
        TopicPartition moved;
        await using (var second = Join(group, topic, null))
        {
            await PollUntilAsync([first, second], () => first.Assignment.Count == 1 && second.Assignment.Count == 1);
            moved = second.Assignment[0];
        }

        await PollUntilAsync([first], () => first.Assignment.Count == 2);
        for (var i = 0; i < 2; i++)
        {
            await AppendAsync(producer, topic, "", $"in {i}", partition: i);
        }

        // What was given anew is read; what never left stays paused.
        var seen = await ReadAsync(first, 1);
        seen.AddRange(await DrainAsync(first));
        while (seen.Count < given.Distinct().Count())
        {
            seen.AddRange(await ReadAsync(first, 1));
        }

        seen.Select(record => new TopicPartition(topic, record.Partition)).ShouldBe(given.Distinct(), ignoreOrder: true);
        if (!MembersMayRejoin)
        {
            given.ShouldBe([moved]);
        }
    }

    [Fact]
    public async Task Listener_can_commit_while_partitions_are_revoked()
    {
        var topic = await NewTopicAsync(2);
        var group = NewName();
        await using var producer = Log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < 10; i++)
        {
            await AppendAsync(producer, topic, "", $"{i}", partition: i % 2);
        }

        var listener = new Events().Of("first");
        listener.OnRevokedPartitions = (consumer, partitions) => consumer.CommitAsync(
            partitions.ToDictionary(partition => partition, partition => new CommittedOffset(consumer.Position(partition))), Cancel);
        await using var first = Join(group, topic, listener);
        await ReadAsync(first, 10);
        await using var second = Join(group, topic, null);
        await PollUntilAsync([first, second], () => second.Assignment.Count == 1);

        (await DrainAsync(second)).ShouldBeEmpty();
        second.Position(second.Assignment[0]).ShouldBe(5);
    }

    [Fact]
    public async Task Listener_that_failed_is_asked_again_and_the_partition_stays_meanwhile()
    {
        var topic = await NewTopicAsync(2);
        var group = NewName();
        var listener = new Events().Of("first");
        var failures = 0;
        listener.OnRevoked = () => failures++ == 0 ? Task.FromException(new InvalidOperationException("not yet")) : Task.CompletedTask;
        await using var first = Join(group, topic, listener);
        await PollUntilAsync([first], () => first.Assignment.Count == 2);
        await using var second = Join(group, topic, null);
        await second.PollAsync(1, TimeSpan.Zero, Cancel);

        await Should.ThrowAsync<InvalidOperationException>(() => PollUntilAsync([first], () => first.Assignment.Count == 1));
        first.Assignment.Count.ShouldBe(2);
        await PollUntilAsync([first, second], () => first.Assignment.Count == 1 && second.Assignment.Count == 1);
    }

    [Fact]
    public async Task Listener_that_failed_to_take_partitions_is_told_again_before_any_record_comes()
    {
        var topic = await NewTopicAsync(2);
        await using var producer = Log.CreateProducer(new ProducerOptions());
        await AppendAsync(producer, topic, "k", "v", partition: 0);
        var events = new Events();
        var listener = events.Of("first");
        var failures = 0;
        listener.OnAssigned = () => failures++ < 2
            ? Task.FromException(new InvalidOperationException("not yet"))
            : Task.CompletedTask;
        await using var first = Join(NewName(), topic, listener);
        await Should.ThrowAsync<InvalidOperationException>(() => PollUntilAsync([first], () => false));
        await Should.ThrowAsync<InvalidOperationException>(() => PollUntilAsync([first], () => false));
        events.Order.ShouldBeEmpty();

        (await ReadAsync(first, 1)).ShouldHaveSingleItem().Value.ShouldBe("v");
        events.Order[0].ShouldStartWith("first assigned");
        failures.ShouldBeGreaterThan(2);
    }

    [Fact]
    public async Task Closing_a_member_revokes_and_hands_over_its_partitions()
    {
        var topic = await NewTopicAsync(4);
        var group = NewName();
        var events = new Events();
        var first = Join(group, topic, events.Of("first"));
        await using var second = Join(group, topic, events.Of("second"));
        await PollUntilAsync([first, second], () => first.Assignment.Count == 2 && second.Assignment.Count == 2);
        await first.DisposeAsync();
        await PollUntilAsync([second], () => second.Assignment.Count == 4);

        events.Order.ShouldContain("first revoked 2");
    }

    [Fact]
    public async Task Groups_read_everything_independently()
    {
        var topic = await NewTopicAsync(2);
        await using var producer = Log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < 20; i++)
        {
            await AppendAsync(producer, topic, "", $"{i}", partition: i % 2);
        }

        await using var one = Join(NewName(), topic, null);
        await using var other = Join(NewName(), topic, null);
        (await ReadAsync(one, 20)).Count.ShouldBe(20);
        (await ReadAsync(other, 20)).Count.ShouldBe(20);
    }

    [Fact]
    public async Task Records_are_read_once_by_a_group_whose_members_come_and_go()
    {
        const int Records = 2_000;
        var topic = await NewTopicAsync(8);
        var group = NewName();
        var seen = new Dictionary<(int, long), int>();
        CommittingListener listener = new();
        var members = new List<IRecordConsumer> { Join(group, topic, listener) };
        await using var producer = Log.CreateProducer(new ProducerOptions());
        var appended = 0;
        for (var round = 0; seen.Count < Records; round++)
        {
            for (var i = 0; i < 50 && appended < Records; i++, appended++)
            {
                producer.TryAppend(
                    new NewRecord { Topic = topic, Partition = appended % 8, Value = Bytes($"{appended}"), TimestampMs = 1 }, null, 0)
                    .ShouldBeTrue();
            }

            if (round is 5 or 10)
            {
                members.Add(Join(group, topic, listener));
            }
            else if (round is 15 or 20)
            {
                await members[0].DisposeAsync();
                members.RemoveAt(0);
            }

            foreach (var member in members)
            {
                foreach (var record in await member.PollAsync(30, TimeSpan.FromMilliseconds(5), Cancel))
                {
                    var key = (record.Partition, record.Offset);
                    seen[key] = seen.GetValueOrDefault(key) + 1;
                }
            }
        }

        seen.Values.ShouldAllBe(times => times == 1);
        foreach (var member in members)
        {
            await member.DisposeAsync();
        }
    }

    private IRecordConsumer Join(string group, string topic, IAssignmentListener? listener) => Log.CreateConsumer(
        new ConsumerOptions { Group = group, Topics = [topic], AssignmentListener = listener });

    private async Task PollUntilAsync(IReadOnlyList<IRecordConsumer> consumers, Func<bool> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(Generous);
        while (!condition())
        {
            foreach (var consumer in consumers)
            {
                await consumer.PollAsync(10, TimeSpan.FromMilliseconds(10), deadline.Token);
            }
        }
    }

    private async Task PollForeverAsync(IRecordConsumer consumer, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await consumer.PollAsync(10, Generous, stop);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private sealed class CommittingListener : IAssignmentListener
    {
        public ValueTask AssignedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) => default;

        public ValueTask RevokedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) =>
            consumer.CommitAsync(
                partitions.ToDictionary(partition => partition, partition => new CommittedOffset(consumer.Position(partition))),
                cancellationToken);

        public ValueTask LostAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) => default;
    }

    private sealed class Events
    {
        private readonly List<string> _order = [];

        public IReadOnlyList<string> Order
        {
            get
            {
                lock (_order)
                {
                    return [.. _order];
                }
            }
        }

        public Listener Of(string name) => new(name, this);

        public void Add(string text)
        {
            lock (_order)
            {
                _order.Add(text);
            }
        }
    }

    private sealed class Listener(string name, Events events) : IAssignmentListener
    {
        public Func<Task>? OnAssigned { get; set; }

        public Action<IReadOnlyList<TopicPartition>>? OnAssignedPartitions { get; set; }

        public Func<Task>? OnRevoked { get; set; }

        public Func<IRecordConsumer, IReadOnlyList<TopicPartition>, ValueTask>? OnRevokedPartitions { get; set; }

        public async ValueTask AssignedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            await (OnAssigned?.Invoke() ?? Task.CompletedTask);
            OnAssignedPartitions?.Invoke(partitions);
            events.Add($"{name} assigned {partitions.Count}");
        }

        public async ValueTask RevokedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            await (OnRevoked?.Invoke() ?? Task.CompletedTask);
            await (OnRevokedPartitions?.Invoke(consumer, partitions) ?? default);
            events.Add($"{name} revoked {partitions.Count}");
        }

        public ValueTask LostAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            events.Add($"{name} lost {partitions.Count}");
            return default;
        }
    }
}
