using System.Text;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.Tests.Edge;

public sealed class SubscriptionTreeTests
{
    private static readonly SessionLimits Limits = new(10, 10_000, 10);
    private static readonly string[] Names = ["a", "b", "", "$x"];

    [Fact]
    [Spec("MQTT-4.7.1-1")]
    [Spec("MQTT-4.7.2-1")]
    public void Tree_matches_what_the_filter_alone_matches()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var tree = new SubscriptionTree();
            var filters = Enumerable.Range(0, 20).Select(_ => RandomFilter(random)).Distinct().ToArray();
            var sessions = filters.ToDictionary(f => f, f => new Session(f, Limits));
            foreach (var filter in filters)
            {
                tree.Add(Subscribe(sessions[filter], filter)).ShouldBeFalse();
            }

            foreach (var gone in filters.Where((_, i) => i % 3 == 0))
            {
                tree.Remove(Bytes(gone), sessions[gone]).ShouldBeTrue();
            }

            var left = filters.Where((_, i) => i % 3 != 0).ToArray();
            tree.Count.ShouldBe(left.Length);
            for (var i = 0; i < 20; i++)
            {
                var topic = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => Names[random.Next(Names.Length)]));
                if (topic.Length > 0)
                {
                    Match(tree, topic).ShouldBe(
                        left.Where(f => TopicFilter.Parse(f).Matches(topic)).Order(), ignoreOrder: true, customMessage: topic);
                }
            }
        }
    }

    [Fact]
    public void Removing_everything_leaves_nothing_behind()
    {
        var tree = new SubscriptionTree();
        var sessions = Enumerable.Range(0, 1000).Select(i => new Session($"{i}", Limits)).ToArray();
        foreach (var session in sessions)
        {
            tree.Add(Subscribe(session, "a/b"));
            tree.Add(Subscribe(session, $"$share/g/a/{session.ClientId}/#"));
        }

        Match(tree, "a/b").Count.ShouldBe(1000);
        foreach (var session in sessions.Reverse())
        {
            tree.Remove(Bytes("a/b"), session).ShouldBeTrue();
            tree.Remove(Bytes($"$share/g/a/{session.ClientId}/#"), session).ShouldBeTrue();
            tree.Remove(Bytes("a/b"), session).ShouldBeFalse();
        }

        tree.Count.ShouldBe(0);
        Match(tree, "a/b").ShouldBeEmpty();
    }

    [Fact]
    [Spec("MQTT-3.3.4-2")]
    public void Overlapping_subscriptions_are_one_recipient_at_the_highest_qos()
    {
        var tree = new SubscriptionTree();
        var session = new Session("s", Limits);
        tree.Add(new Subscription(session, Bytes("a/#"), 0, false, false, 5));
        tree.Add(new Subscription(session, Bytes("a/+"), 2, false, true, 6));
        for (var i = 0; i < 50; i++)
        {
            tree.Add(Subscribe(new Session($"{i}", Limits), i % 2 == 0 ? "a/#" : "+/b"));
        }

        var matches = TopicMatches.OfThread;
        tree.Match(Bytes("a/b"), matches);
        var recipients = matches.Resolve(null);
        recipients.Count.ShouldBe(51);
        var one = recipients.Single(r => ReferenceEquals(r.Subscriber, session));
        one.Qos.ShouldBe((byte)2);
        one.RetainAsPublished.ShouldBeTrue();
        new[] { one.Identifier }.Concat(one.MoreIdentifiers!).Order().ShouldBe([5u, 6u]);
    }

    [Fact]
    [Spec("MQTT-3.8.3-3")]
    public void No_local_leaves_the_publisher_out()
    {
        var tree = new SubscriptionTree();
        var session = new Session("s", Limits);
        tree.Add(new Subscription(session, Bytes("a"), 0, true, false, 0));
        var matches = TopicMatches.OfThread;
        tree.Match(Bytes("a"), matches);
        matches.Resolve(session).ShouldBeEmpty();
    }

    private static List<string> Match(SubscriptionTree tree, string topic)
    {
        var matches = TopicMatches.OfThread;
        tree.Match(Bytes(topic), matches);
        return [.. matches.Resolve(null).Select(r => ((Session)r.Subscriber).ClientId)];
    }

    private static string RandomFilter(Random random)
    {
        var levels = Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(3) == 0 ? "+" : Names[random.Next(Names.Length)]).ToList();
        if (random.Next(3) == 0)
        {
            levels.Add("#");
        }

        var filter = string.Join('/', levels);
        return filter.Length == 0 ? "a" : filter;
    }

    private static Subscription Subscribe(Session session, string filter) => new(session, Bytes(filter), 0, false, false, 0);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
