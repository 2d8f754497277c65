using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Telemetry.Edge;
using Telemetry.Edge.Security.Passwords;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Rules that allow and deny, as clients meet them.</summary>
public sealed class AccessRuleTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-rules-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Denied_topics_are_neither_published_nor_delivered_nor_retained_to()
    {
        var rules = Path.Combine(_folder.FullName, "rules");
        await File.WriteAllTextAsync(
            rules, "deny publish everyone locked/#\ndeny subscribe user=ann secret/#\n", TestContext.Current.CancellationToken);
        await using var broker = await TestBroker.StartAsync(new EdgeOptions
        {
            RulesFile = rules,
            Users =
            [
                new MqttUserOptions { Name = "ann", PasswordHash = PasswordHash.Create("ann"u8, 1_000) },
                new MqttUserOptions { Name = "bob", PasswordHash = PasswordHash.Create("bob"u8, 1_000) },
            ],
        });
        await broker.Broker.PublishAsync("secret/kept", "0"u8.ToArray(), retain: true);
        await using var ann = await broker.ConnectAsync("ann", o => o.Credentials = new MqttClientCredentials("ann", "ann"u8.ToArray()));
        await using var bob = await broker.ConnectAsync("bob", o => o.Credentials = new MqttClientCredentials("bob", "bob"u8.ToArray()));
        var refused = await ann.Client.SubscribeAsync(
            new MqttClientSubscribeOptions { TopicFilters = [new MqttTopicFilter { Topic = "secret/+" }] }, TestContext.Current.CancellationToken);
        refused.Items.ShouldHaveSingleItem().ResultCode.ShouldBe(MqttClientSubscribeResultCode.NotAuthorized);
        await ann.SubscribeAsync("#");
        await bob.SubscribeAsync("#");
        (await bob.NextAsync()).Topic.ShouldBe("secret/kept");
        (await bob.PublishAsync("secret/1", "1")).ReasonCode.ShouldBe(MqttClientPublishReasonCode.Success);
        (await bob.PublishAsync("open", "2", MqttQualityOfServiceLevel.ExactlyOnce)).ReasonCode.ShouldBe(MqttClientPublishReasonCode.Success);
        (await bob.PublishAsync("locked/1", "3")).ReasonCode.ShouldBe(MqttClientPublishReasonCode.NotAuthorized);
        (await bob.NextAsync()).Topic.ShouldBe("secret/1");
        (await bob.NextAsync()).Topic.ShouldBe("open");
        await bob.ShouldBeQuietAsync();
        (await ann.NextAsync()).Topic.ShouldBe("open");
        await ann.ShouldBeQuietAsync();
    }
}
