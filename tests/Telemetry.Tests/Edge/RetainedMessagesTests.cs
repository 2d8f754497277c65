using System.Text;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Edge;

public sealed class RetainedMessagesTests
{
    private readonly RetainedMessages _retained = new(100, 1_000_000);

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
    [Spec("MQTT-3.3.2-5")]
    public void Expired_message_is_not_found_and_can_be_swept()
    {
        _retained.Set(new Message(PublishMessage.Create("a", "x"u8), 0, true, expiresAt: 1000));
        List<Message> found = [];
        _retained.Match("a"u8, 1000, found);
        found.ShouldBeEmpty();
        _retained.RemoveExpired(999).ShouldBe(0);
        _retained.RemoveExpired(1000).ShouldBe(1);
        _retained.Count.ShouldBe(0);
    }

    private static Message Of(string topic, string payload = "x") =>
        new(PublishMessage.Create(topic, Encoding.UTF8.GetBytes(payload)), 0, true, long.MaxValue);

    private List<string> Find(string filter)
    {
        List<Message> found = [];
        _retained.Match(Encoding.UTF8.GetBytes(filter), 0, found);
        return [.. found.Select(m => Encoding.UTF8.GetString(m.Topic))];
    }
}
