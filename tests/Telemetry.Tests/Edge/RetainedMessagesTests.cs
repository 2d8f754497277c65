using System.Text;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.Tests.Edge;

public sealed class RetainedMessagesTests
{
    private readonly RetainedMessages _retained = new(100, 1_000_000);
    private readonly RetainedMessages _retainedBig = new(1000, 1_000_000);

    [Theory]
    [InlineData("#", "a,a/b,a/b/c,/x")]
    [InlineData("a/#", "a,a/b,a/b/c")]
    [InlineData("+", "a")]
    [InlineData("+/+", "a/b,/x")]
    [InlineData("$SYS/#", "$SYS/y")]
    [InlineData("+/y", "")]
    [InlineData("a/b", "a/b")]
    [Spec("MQTT-4.7.2-1")]
    public void Filter_finds_its_retained_messages(string filter, string expected)
    {
        foreach (var topic in new[] { "a", "a/b", "a/b/c", "/x", "$SYS/y" })
        {
            _retained.Set(Of(topic)).ShouldBeTrue();
        }

        string.Join(',', Find(filter).Order(StringComparer.Ordinal))
            .ShouldBe(string.Join(',', expected.Split(',').Order(StringComparer.Ordinal)));
    }

    [Fact]
    [Spec("MQTT-3.3.1-6")]
    public void Empty_payload_removes_and_gives_the_room_back()
    {
        _retained.Set(Of("a/b/c"));
        _retained.Set(Of("a/b/c"));
        _retained.Count.ShouldBe(1);
        _retained.Set(Of("a/b/c", ""));
        (_retained.Count, _retained.Bytes).ShouldBe((0, 0L));
        Find("#").ShouldBeEmpty();
        _retained.Set(Of("a/b/c"));
        Find("#").ShouldBe(["a/b/c"]);
    }

    [Fact]
    public void Store_over_its_limit_keeps_what_it_has()
    {
        var small = new RetainedMessages(2, 1_000_000);
        small.Set(Of("1")).ShouldBeTrue();
        small.Set(Of("2")).ShouldBeTrue();
        small.Set(Of("3")).ShouldBeFalse();
        small.Set(Of("2", "new")).ShouldBeTrue();
        small.Count.ShouldBe(2);
    }

    [Fact]
    public void Refused_message_leaves_no_memory_behind()
    {
        var small = new RetainedMessages(2, 1_000_000);
        small.Set(Of("1"));
        small.Set(Of("2"));
        var bytes = small.Bytes;
        for (var i = 0; i < 1000; i++)
        {
            small.Set(Of($"other/{i}/deep/down")).ShouldBeFalse();
        }

        small.Bytes.ShouldBe(bytes);
        var cursor = new RetainedCursor(small, "#"u8);
        var nodes = 0;
        while (cursor.MoveNext())
        {
            nodes++;
        }

        nodes.ShouldBe(2, "no node of a refused topic is left");
        var narrow = new RetainedMessages(100, 2_000);
        narrow.Set(Of(new string('x', 3_000))).ShouldBeFalse();
        narrow.Bytes.ShouldBe(0);
    }

    [Fact]
    public void Walk_meets_what_stays_exactly_once_while_others_come_and_go()
    {
        var random = new Random(5);
        var store = new RetainedMessages(100_000, 1L << 30);
        for (var i = 0; i < 3000; i++)
        {
            store.Set(Of($"stays/{i % 30}/{i}"));
            store.Set(Of($"goes/{i % 30}/{i}"));
        }

        var upTo = store.Sequence;
        var cursor = new RetainedCursor(store, "+/+/#"u8);
        var met = new List<string>();
        for (var step = 0; cursor.MoveNext(); step++)
        {
            if (cursor.Current is { } message && message.RetainedSequence <= upTo)
            {
                met.Add(Encoding.UTF8.GetString(message.Topic));
                cursor.HasPassed(message.Topic).ShouldBeTrue();
            }

            store.Set(Of($"new/{step % 100}/{step}"));
            store.Set(Of($"goes/{random.Next(30)}/{random.Next(3000)}", ""));
        }

        met.Distinct().Count().ShouldBe(met.Count, "nothing comes twice");
        met.Count(t => t.StartsWith("stays/", StringComparison.Ordinal)).ShouldBe(3000);
        met.ShouldNotContain(t => t.StartsWith("new/", StringComparison.Ordinal));
    }

    [Fact]
    public void Walk_tells_what_it_has_passed()
    {
        var topics = Enumerable.Range(0, 200).Select(i => $"{i % 7}/{i}").ToArray();
        foreach (var topic in topics)
        {
            _retainedBig.Set(Of(topic));
        }

        var cursor = new RetainedCursor(_retainedBig, "#"u8);
        var met = new HashSet<string>();
        while (cursor.MoveNext())
        {
            if (cursor.Current is { } message)
            {
                met.Add(Encoding.UTF8.GetString(message.Topic));
            }

            foreach (var topic in topics)
            {
                cursor.HasPassed(Encoding.UTF8.GetBytes(topic)).ShouldBe(met.Contains(topic), topic);
            }
        }
    }

    [Fact]
    [Spec("MQTT-3.3.2-5")]
    public void Expired_message_is_not_found_and_can_be_swept()
    {
        _retained.Set(new Message(PublishMessage.Create("a", "x"u8), 0, true, expiresAt: 1000));
        _retained.Get("a"u8, 999).ShouldNotBeNull();
        _retained.Get("a"u8, 1000).ShouldBeNull();
        _retained.RemoveExpired(999).ShouldBe(0);
        _retained.RemoveExpired(1000).ShouldBe(1);
        _retained.Count.ShouldBe(0);
    }

    private static Message Of(string topic, string payload = "x") =>
        new(PublishMessage.Create(topic, Encoding.UTF8.GetBytes(payload)), 0, true, long.MaxValue);

    private List<string> Find(string filter)
    {
        var cursor = new RetainedCursor(_retained, Encoding.UTF8.GetBytes(filter));
        List<string> found = [];
        while (cursor.MoveNext())
        {
            if (cursor.Current is { } message)
            {
                found.Add(Encoding.UTF8.GetString(message.Topic));
            }
        }

        return found;
    }
}
