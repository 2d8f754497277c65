using Telemetry.Edge;
using Telemetry.Edge.Security.Passwords;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Support;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>What is remembered of refusals, and that clients cannot fill a disk with it.</summary>
public sealed class AuditTests
{
    [Fact]
    public async Task Refused_connect_and_denied_topics_are_remembered_with_who_and_where()
    {
        using var log = new LogEntries();
        await using var broker = await TestBroker.StartAsync(
            new EdgeOptions
            {
                Users = [new MqttUserOptions { Name = "ann", PasswordHash = PasswordHash.Create("ann"u8, 1_000) }],
                AccessRules = [new AccessRuleOptions { Publish = ["a"], Subscribe = ["a"] }],
            },
            loggers: log);
        await using (await TestClient.TryConnectAsync(broker.Port, "c1", o => o.Credentials = new MQTTnet.MqttClientCredentials("ann", "wrong"u8.ToArray())))
        await using (var client = await broker.ConnectAsync("c2", o => o.Credentials = new MQTTnet.MqttClientCredentials("ann", "ann"u8.ToArray())))
        {
            await client.PublishAsync("b/" + new string('x', 1_000), "1");
            await client.Client.SubscribeAsync(
                new MQTTnet.MqttClientSubscribeOptions { TopicFilters = [new MQTTnet.Packets.MqttTopicFilter { Topic = "b/#" }] },
                TestContext.Current.CancellationToken);
        }

        Text(1200).ShouldContain("client 'c1', user 'ann', from 127.0.0.1:");
        Text(1200).ShouldContain("BadUserNameOrPassword");
        Text(1201).ShouldContain("user:ann, client 'c2'");
        Text(1201).Length.ShouldBeLessThan(500);
        Text(1202).ShouldContain("filter 'b/#'");

        string Text(int id) => log.All.Where(e => e.Id == id).ShouldHaveSingleItem().Text;
    }

    [Fact]
    public async Task Of_many_refusals_some_are_written_and_the_next_says_how_many_were_not()
    {
        using var log = new LogEntries();
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(
            new EdgeOptions { AccessRules = [new AccessRuleOptions { Publish = ["a"] }] }, time: clock, loggers: log);
        await using var client = await broker.ConnectAsync("c");
        for (var i = 0; i < 80; i++)
        {
            await client.PublishAsync("b", "1");
        }

        log.All.Count(e => e.Id == 1201).ShouldBe(50);
        clock.Advance(TimeSpan.FromSeconds(1));
        await client.PublishAsync("b", "1");
        log.All.Last(e => e.Id == 1201).Text.ShouldContain("(30 more were not written)");
    }
}
