using MQTTnet;
using MQTTnet.Formatter;
using Telemetry.Edge;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Edge.Reasons;
using Telemetry.IntegrationTests.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>A session belongs to the identity that made it, and what it holds is delivered under the rules of now.</summary>
public sealed class SessionOwnerTests
{
    private static readonly EdgeOptions Users = new()
    {
        Users =
        [
            new MqttUserOptions { Name = "ann", PasswordHash = PasswordHash.Create("ann"u8, 1_000) },
            new MqttUserOptions { Name = "bob", PasswordHash = PasswordHash.Create("bob"u8, 1_000) },
        ],
    };

    [Theory]
    [InlineData(MqttProtocolVersion.V500, true)]
    [InlineData(MqttProtocolVersion.V500, false)]
    [InlineData(MqttProtocolVersion.V311, true)]
    [InlineData(MqttProtocolVersion.V311, false)]
    public async Task Another_user_with_the_same_client_id_gets_neither_the_session_nor_its_messages(MqttProtocolVersion version, bool online)
    {
        await using var broker = await TestBroker.StartAsync(Users);
        await using (var owner = await broker.ConnectAsync("pump-7", As("ann", version)))
        {
            await owner.SubscribeAsync("cmd/pump-7");
            if (!online)
            {
                await owner.DisconnectAsync();
                await broker.UntilConnectionsAsync(0);
            }

            foreach (var clean in new[] { false, true })
            {
                await using var thief = await TestClient.TryConnectAsync(broker.Port, "pump-7", As("bob", version, clean));
                thief.Answer.ResultCode.ShouldBe(MqttClientConnectResultCode.NotAuthorized);
            }

            await broker.Broker.PublishAsync("cmd/pump-7", "open"u8.ToArray(), Telemetry.Mqtt.MqttQos.AtLeastOnce);
            if (online)
            {
                (await owner.NextAsync()).ConvertPayloadToString().ShouldBe("open");
                await owner.ShouldBeQuietAsync();
                return;
            }
        }

        await using var back = await broker.ConnectAsync("pump-7", As("ann", version));
        back.Answer.IsSessionPresent.ShouldBeTrue();
        (await back.NextAsync()).ConvertPayloadToString().ShouldBe("open");
    }

    [Fact]
    public async Task Where_it_is_set_another_user_gets_an_empty_session_in_its_place()
    {
        await using var broker = await TestBroker.StartAsync(Users with { SessionOfAnotherIdentity = ForeignSession.Fresh });
        await using var owner = await broker.ConnectAsync("pump-7", As("ann"));
        await owner.SubscribeAsync("cmd/pump-7");
        await using var other = await broker.ConnectAsync("pump-7", As("bob"));
        other.Answer.IsSessionPresent.ShouldBeFalse();
        await owner.ShouldBeClosedAsync(MqttClientDisconnectReason.SessionTakenOver);
        (await broker.Broker.PublishAsync("cmd/pump-7", "open"u8.ToArray())).ShouldBeFalse();
        await other.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Certificate_of_another_device_does_not_get_the_session_either()
    {
        using var authority = new TestAuthority();
        await using var broker = await TlsTests.StartAsync(TlsTests.Required(authority));
        using var mine = authority.Client("pump-7");
        using var others = authority.Client("pump-8");
        await using var owner = await broker.ConnectAsync("c", o => TlsTests.Use(o, authority, mine));
        await owner.SubscribeAsync("cmd/pump-7");
        await using var thief = await TestClient.TryConnectAsync(broker.Port, "c", o => TlsTests.Use(o, authority, others));
        thief.Answer.ResultCode.ShouldBe(MqttClientConnectResultCode.NotAuthorized);
        await owner.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Anonymous_session_gives_way_to_a_proved_identity_and_is_not_handed_over()
    {
        using var authority = new TestAuthority();
        await using var broker = await TlsTests.StartAsync(TlsTests.Required(authority) with { RequireClientCertificate = false });
        await using var nobody = await broker.ConnectAsync("c", o => TlsTests.Use(o, authority, null, expiry: 1000));
        await nobody.SubscribeAsync("t");
        using var certificate = authority.Client("pump-7");
        await using var device = await broker.ConnectAsync("c", o => TlsTests.Use(o, authority, certificate, expiry: 1000));
        device.Answer.IsSessionPresent.ShouldBeFalse();
        await nobody.ShouldBeClosedAsync(MqttClientDisconnectReason.SessionTakenOver);
        (await broker.Broker.PublishAsync("t", "x"u8.ToArray())).ShouldBeFalse();
        // And never the other way.
        await using var again = await TestClient.TryConnectAsync(broker.Port, "c", o => TlsTests.Use(o, authority, null));
        again.Answer.ResultCode.ShouldBe(MqttClientConnectResultCode.NotAuthorized);
    }

    [Fact]
    public async Task User_name_that_nobody_checked_gives_no_right()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions
        {
            AccessRules = [new AccessRuleOptions { User = "root", Publish = ["#"], Subscribe = ["#"] }],
        });
        await using var client = await broker.ConnectAsync("c", As("root"));
        var result = await client.PublishAsync("t", "x");
        result.ReasonCode.ShouldBe(MqttClientPublishReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task Message_that_was_queued_under_older_rules_is_not_delivered_under_newer_ones()
    {
        var rules = new SwitchedRules();
        await using var broker = await TestBroker.StartAsync(authorizer: rules);
        await using (var client = await broker.ConnectAsync("c", o => o.SessionExpiryInterval = 1000))
        {
            await client.SubscribeAsync("secret/#");
            await client.SubscribeAsync("open");
            await client.DisconnectAsync();
        }

        await broker.UntilConnectionsAsync(0);
        await broker.Broker.PublishAsync("secret/1", "1"u8.ToArray(), Telemetry.Mqtt.MqttQos.AtLeastOnce);
        await broker.Broker.PublishAsync("open", "2"u8.ToArray(), Telemetry.Mqtt.MqttQos.AtLeastOnce);
        rules.Closed = true;
        await using var back = await broker.ConnectAsync("c", o =>
        {
            o.CleanSession = false;
            o.SessionExpiryInterval = 1000;
        });
        back.Answer.IsSessionPresent.ShouldBeTrue();
        (await back.NextAsync()).Topic.ShouldBe("open");
        await broker.Broker.PublishAsync("secret/2", "3"u8.ToArray());
        await back.ShouldBeQuietAsync();
        broker.Broker.Metrics.DroppedBy(DropCause.NotAuthorized).ShouldBe(2);
    }

    [Fact]
    public async Task Will_that_was_left_under_older_rules_is_not_published_under_newer_ones()
    {
        var rules = new SwitchedRules();
        await using var broker = await TestBroker.StartAsync(authorizer: rules);
        await using var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("#");
        var client = await broker.ConnectAsync("c", o => o.WillTopic = "secret/dead");
        rules.Closed = true;
        client.Cut();
        await broker.UntilConnectionsAsync(1);
        await watcher.ShouldBeQuietAsync();
        broker.Broker.Metrics.DroppedBy(DropCause.NotAuthorized).ShouldBe(1);
    }

    private static Action<MqttClientOptions> As(string user, MqttProtocolVersion version = MqttProtocolVersion.V500, bool clean = false) => options =>
    {
        options.ProtocolVersion = version;
        options.CleanSession = clean;
        options.SessionExpiryInterval = version == MqttProtocolVersion.V500 ? 1000u : 0;
        options.Credentials = new MqttClientCredentials(user, System.Text.Encoding.UTF8.GetBytes(user));
    };

    private sealed class SwitchedRules : IAuthorizer
    {
        public bool Closed { get; set; }

        public PublishRight MayPublish(MqttClientIdentity client, ReadOnlySpan<byte> topicName) =>
            !Closed || !topicName.StartsWith("secret/"u8) ? PublishRight.Allowed : PublishRight.Denied;

        public bool MaySubscribe(MqttClientIdentity client, ReadOnlySpan<byte> topicFilter) => true;

        public bool MayReceive(MqttClientIdentity client, ReadOnlySpan<byte> topicName) => !Closed || !topicName.StartsWith("secret/"u8);
    }
}
