using System.Text;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;

namespace Telemetry.Tests.Edge;

/// <summary>What a session's queue may hold, and how retained messages come into it.</summary>
public sealed class OutboxTests
{
    private readonly QueueBudget _budget = new(100_000);
    private readonly RetainedMessages _retained = new(100_000, 1L << 30);

    [Fact]
    public void Bytes_count_until_the_subscriber_has_acknowledged()
    {
        var outbox = new Outbox(new SessionLimits(1000, 5_000, 100, _budget));
        for (var i = 0; i < 4; i++)
        {
            outbox.Enqueue(Copy("t", new string('x', 1_000), 1), 0).ShouldBe(DropCause.None);
        }

        var sent = Drain(outbox);
        sent.Count.ShouldBe(4);
        outbox.Enqueue(Copy("t", new string('x', 1_000), 1), 0).ShouldBe(DropCause.QueueFull, "four are on their way, unacknowledged");
        outbox.Apply(sent[0].PacketIdentifier, InflightInput.PubAck);
        outbox.Enqueue(Copy("t", new string('x', 1_000), 1), 0).ShouldBe(DropCause.None);
        outbox.Clear();
        (outbox.Bytes, _budget.Used).ShouldBe((0L, 0L));
    }

    [Fact]
    public void Budget_of_the_process_counts_a_message_once_and_gives_everything_back()
    {
        var limits = new SessionLimits(1000, 1_000_000, 100, _budget);
        var outboxes = Enumerable.Range(0, 50).Select(_ => new Outbox(limits)).ToArray();
        var shared = Copy("t", new string('x', 50_000), 2);
        foreach (var outbox in outboxes)
        {
            outbox.Enqueue(shared, 0).ShouldBe(DropCause.None);
        }

        outboxes[0].Enqueue(Copy("t", new string('x', 50_000), 0), 0).ShouldBe(DropCause.BudgetFull);
        _budget.Used.ShouldBeInRange(50_000, 60_000);
        var delivery = Drain(outboxes[0]).ShouldHaveSingleItem();
        outboxes[0].Apply(delivery.PacketIdentifier, InflightInput.PubRec);
        foreach (var outbox in outboxes)
        {
            outbox.Clear();
        }

        _budget.Used.ShouldBe(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void All_retained_messages_come_through_a_queue_that_holds_few(int qos)
    {
        for (var i = 0; i < 5_000; i++)
        {
            _retained.Set(Message($"r/{i % 100}/{i}", new string('x', 100), qos));
        }

        var outbox = new Outbox(new SessionLimits(10, 3_000, 5, _budget));
        outbox.AddFeed(new RetainedFeed(_retained, Subscribe("r/#", qos)));
        var topics = new List<string>();
        for (var rounds = 0; rounds < 20_000 && topics.Count < 5_000; rounds++)
        {
            outbox.Feed(0);
            outbox.Bytes.ShouldBeLessThan(3_500);
            foreach (var delivery in Drain(outbox, 5))
            {
                topics.Add(Encoding.UTF8.GetString(delivery.Copy.Message.Topic));
                delivery.Copy.Retain.ShouldBeTrue();
                if (qos > 0)
                {
                    outbox.Apply(delivery.PacketIdentifier, InflightInput.PubAck);
                }
            }
        }

        topics.Distinct().Count().ShouldBe(5_000);
        topics.Count.ShouldBe(5_000);
        outbox.CanFeed.ShouldBeFalse();
        _budget.Used.ShouldBe(0);
    }

    [Fact]
    public void What_waits_under_a_topic_is_dropped_and_the_order_of_the_rest_stays()
    {
        var outbox = new Outbox(new SessionLimits(1000, 1_000_000, 100, _budget));
        string[] topics = ["t/a/1", "t/ab/1", "t/a/2", "u/a/1", "t/a"];
        foreach (var (index, topic) in topics.Index())
        {
            outbox.Enqueue(Copy(topic, "x", index % 2), 0).ShouldBe(DropCause.None);
        }

        outbox.DropUnder("t/a/"u8).ShouldBe(2);
        Drain(outbox).Select(d => Encoding.UTF8.GetString(d.Copy.Message.Topic)).ShouldBe(["t/ab/1", "u/a/1", "t/a"]);
        outbox.Clear();
        _budget.Used.ShouldBe(0);
    }

    [Fact]
    public void Live_message_does_not_overtake_the_retained_one_of_its_topic()
    {
        var random = new Random(9);
        for (var i = 0; i < 500; i++)
        {
            _retained.Set(Message($"r/{i}", "retained", 1));
        }

        var outbox = new Outbox(new SessionLimits(1000, 1_000_000, 1000, null));
        outbox.AddFeed(new RetainedFeed(_retained, Subscribe("r/#", 1)));
        var seen = new Dictionary<string, List<string>>();
        for (var round = 0; round < 200; round++)
        {
            outbox.Enqueue(Copy($"r/{random.Next(500)}", "live", 1), 0).ShouldBe(DropCause.None);
            var replaced = Message($"r/{random.Next(500)}", "newer", 1);
            _retained.Set(replaced);
            outbox.Enqueue(new Outgoing(replaced, 1, false), 0).ShouldBe(DropCause.None);
            outbox.Feed(0);
            foreach (var delivery in Drain(outbox, 20))
            {
                var message = delivery.Copy.Message;
                var topic = Encoding.UTF8.GetString(message.Topic);
                if (!seen.TryGetValue(topic, out var payloads))
                {
                    seen[topic] = payloads = [];
                }

                payloads.Add(Encoding.UTF8.GetString(message.Content.Payload));
                outbox.Apply(delivery.PacketIdentifier, InflightInput.PubAck);
            }
        }

        seen.Count.ShouldBe(500);
        foreach (var (topic, payloads) in seen)
        {
            payloads.LastIndexOf("retained").ShouldBeLessThanOrEqualTo(0, $"{topic}: {string.Join(' ', payloads)}");
            payloads.Count(p => p == "retained").ShouldBeLessThanOrEqualTo(1);
            (payloads[0] == "retained" || payloads.Contains("newer")).ShouldBeTrue($"{topic}: {string.Join(' ', payloads)}");
        }
    }

    private static List<Delivery> Drain(Outbox outbox, int most = int.MaxValue)
    {
        var expired = 0;
        var found = new List<Delivery>();
        while (found.Count < most && outbox.TryNext(1000, 0, ref expired, out var delivery))
        {
            found.Add(delivery);
        }

        return found;
    }

    private static Subscription Subscribe(string filter, int qos) =>
        new(new Session("s", new SessionLimits(10, 10, 10)), Encoding.UTF8.GetBytes(filter), (byte)qos, false, false, 0);

    private static Message Message(string topic, string payload, int qos) =>
        new(PublishMessage.Create(topic, Encoding.UTF8.GetBytes(payload)), (byte)qos, true, long.MaxValue);

    private static Outgoing Copy(string topic, string payload, int qos) => new(Message(topic, payload, qos), (byte)qos, false);
}
