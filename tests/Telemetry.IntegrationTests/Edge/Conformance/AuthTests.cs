using MQTTnet;
using Telemetry.Edge;
using Telemetry.Edge.Security.Passwords;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Mqtt;
using Telemetry.Testing;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Enhanced authentication, sections 3.15 and 4.12, by SCRAM-SHA-256.</summary>
public sealed class AuthTests
{
    private const string Method = "SCRAM-SHA-256";

    private static readonly EdgeOptions Options = new()
    {
        Users =
        [
            new MqttUserOptions { Name = "ann", PasswordHash = PasswordHash.CreateScram("pencil"u8, 4_096) },
            new MqttUserOptions { Name = "bob", PasswordHash = PasswordHash.CreateScram("eraser"u8, 4_096) },
            new MqttUserOptions { Name = "old", PasswordHash = PasswordHash.Create("pencil"u8, 1_000) },
        ],
        AccessRules = [new AccessRuleOptions { Publish = ["{user}/#"], Subscribe = ["{user}/#"] }],
    };

    [Fact]
    [Spec("MQTT-4.12.0-2"), Spec("MQTT-4.12.0-5"), Spec("MQTT-3.15.2-1"), Spec("MQTT-3.15.2-2"), Spec("MQTT-3.15.2-3")]
    public async Task Client_and_broker_prove_to_each_other_who_they_are()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        var (client, answer) = await EnterAsync(broker, "ann", "pencil");
        answer.ReasonCode.ShouldBe(ReasonCode.Success);
        answer.Properties!.AuthenticationMethod.ShouldBe(Method);
        // The client is that user for the rules.
        (await client.DeliverAsync("ann/x", "1")).ShouldBe(ReasonCode.NoMatchingSubscribers);
        (await client.DeliverAsync("bob/x", "1")).ShouldBe(ReasonCode.NotAuthorized);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Client_that_others_wrote_does_it_too_and_again()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        var handler = new Handler();
        await using var client = await TestClient.ConnectAsync(broker.Port, "c", o =>
        {
            o.AuthenticationMethod = Method;
            o.AuthenticationData = handler.Scram.First();
            o.EnhancedAuthenticationHandler = handler;
        });
        handler.Scram.ShouldBeProvedBy(client.Answer.AuthenticationData);
        (await client.PublishAsync("ann/x", "1")).ReasonCode.ShouldBe(MqttClientPublishReasonCode.NoMatchingSubscribers);
        await client.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task First_message_may_come_with_the_first_auth()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        await using var client = await broker.OpenRawAsync();
        await StartAsync(client, null);
        Auth(await client.NextAsync()).Properties.AuthenticationData.ShouldBeNull();
        var scram = new ScramClient("ann", "pencil");
        await SendAsync(client, ReasonCode.ContinueAuthentication, scram.First());
        await SendAsync(client, ReasonCode.ContinueAuthentication, scram.Final(Auth(await client.NextAsync()).Properties.AuthenticationData));
        (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.Success);
    }

    [Theory]
    [InlineData("ann", "wrong")]
    [InlineData("nobody", "pencil")]
    // It has a password, but no keys for this method.
    [InlineData("old", "pencil")]
    [Spec("MQTT-4.12.0-4")]
    public async Task Client_that_cannot_prove_it_is_refused_and_learns_nothing_of_users(string user, string password)
    {
        await using var broker = await TestBroker.StartAsync(Options);
        var challenges = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            await using var client = await broker.OpenRawAsync();
            var scram = new ScramClient(user, password);
            await StartAsync(client, scram.First());
            await SendAsync(client, ReasonCode.ContinueAuthentication, scram.Final(Auth(await client.NextAsync()).Properties.AuthenticationData));
            var answer = await client.ConnAckAsync();
            answer.ReasonCode.ShouldBe(ReasonCode.NotAuthorized);
            answer.Properties!.AuthenticationData.ShouldBeNull();
            (await client.TryNextAsync()).ShouldBeNull();
            challenges.Add(scram.Challenge);
        }

        // The same salt each time, also for a user that there is not.
        challenges.ShouldHaveSingleItem().ShouldEndWith("i=4096");
        broker.Broker.Sessions.Count.ShouldBe(0);
    }

    [Fact]
    public async Task User_who_failed_too_often_is_not_looked_at()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        for (var i = 0; i < 5; i++)
        {
            (await EnterAsync(broker, "ann", "wrong")).Answer.ReasonCode.ShouldBe(ReasonCode.NotAuthorized);
        }

        await using var client = await broker.OpenRawAsync();
        await StartAsync(client, new ScramClient("ann", "pencil").First());
        (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.ConnectionRateExceeded);
        (await EnterAsync(broker, "bob", "eraser")).Answer.ReasonCode.ShouldBe(ReasonCode.Success);
    }

    [Theory]
    [InlineData("another packet", ReasonCode.ProtocolError)]
    [InlineData("another CONNECT", ReasonCode.ProtocolError)]
    [InlineData("another method", ReasonCode.ProtocolError)]
    [InlineData("success", ReasonCode.ProtocolError)]
    [InlineData("again", ReasonCode.ProtocolError)]
    [InlineData("no method", ReasonCode.ProtocolError)]
    [InlineData("garbage", ReasonCode.NotAuthorized)]
    [InlineData("somebody else's nonce", ReasonCode.NotAuthorized)]
    [Spec("MQTT-3.1.2-30"), Spec("MQTT-4.12.0-3"), Spec("MQTT-4.12.0-4"), Spec("MQTT-4.12.0-5"), Spec("MQTT-3.15.2-1")]
    public async Task Step_that_does_not_belong_there_is_refused_before_connack(string what, ReasonCode code)
    {
        await using var broker = await TestBroker.StartAsync(Options);
        await using var client = await broker.OpenRawAsync();
        var scram = new ScramClient("ann", "pencil");
        await StartAsync(client, scram.First());
        var final = scram.Final(Auth(await client.NextAsync()).Properties.AuthenticationData);
        switch (what)
        {
            case "another packet":
                await client.SendAsync(0xC0, 0);
                break;
            case "another CONNECT":
                await StartAsync(client, scram.First());
                break;
            case "another method":
                await SendAsync(client, ReasonCode.ContinueAuthentication, final, "OTHER");
                break;
            case "success":
                await SendAsync(client, ReasonCode.Success, final);
                break;
            case "again":
                await SendAsync(client, ReasonCode.ReAuthenticate, final);
                break;
            case "no method":
                await client.SendAsync(0xF0, 2, 0x18, 0);
                break;
            case "garbage":
                await SendAsync(client, ReasonCode.ContinueAuthentication, [0xFF, 0, 1]);
                break;
            default:
                await SendAsync(client, ReasonCode.ContinueAuthentication, new ScramClient("ann", "pencil").First());
                break;
        }

        (await client.ConnAckAsync()).ReasonCode.ShouldBe(code);
        (await client.TryNextAsync()).ShouldBeNull();
        broker.Broker.Sessions.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Goodbye_in_the_middle_ends_it_without_a_word()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        await using var client = await broker.OpenRawAsync();
        await StartAsync(client, new ScramClient("ann", "pencil").First());
        Auth(await client.NextAsync());
        await client.SendAsync(0xE0, 0);
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    [Spec("MQTT-4.12.1-1"), Spec("MQTT-4.12.0-5")]
    public async Task Running_client_proves_it_again_and_its_messages_go_on_meanwhile()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        var (client, _) = await EnterAsync(broker, "ann", "pencil");
        var scram = new ScramClient("ann", "pencil");
        await SendAsync(client, ReasonCode.ReAuthenticate, scram.First());
        var challenge = Auth(await client.NextAsync());
        challenge.Code.ShouldBe(ReasonCode.ContinueAuthentication);
        await client.PingAsync();
        await SendAsync(client, ReasonCode.ContinueAuthentication, scram.Final(challenge.Properties.AuthenticationData));
        var last = Auth(await client.NextAsync());
        last.Code.ShouldBe(ReasonCode.Success);
        scram.ShouldBeProvedBy(last.Properties.AuthenticationData);
        await client.PingAsync();
        await client.DisposeAsync();
    }

    [Theory]
    [InlineData("wrong password", ReasonCode.NotAuthorized)]
    [InlineData("another user", ReasonCode.NotAuthorized)]
    [InlineData("another method", ReasonCode.ProtocolError)]
    [InlineData("twice at once", ReasonCode.ProtocolError)]
    [InlineData("no beginning", ReasonCode.ProtocolError)]
    [Spec("MQTT-4.12.1-1"), Spec("MQTT-4.12.1-2"), Spec("MQTT-4.12.0-5")]
    public async Task Running_client_that_cannot_prove_it_again_is_disconnected(string what, ReasonCode code)
    {
        await using var broker = await TestBroker.StartAsync(Options);
        var (client, _) = await EnterAsync(broker, "ann", "pencil");
        var scram = what == "another user" ? new ScramClient("bob", "eraser") : new ScramClient("ann", "wrong");
        if (what is "another method" or "no beginning")
        {
            await SendAsync(
                client, what == "no beginning" ? ReasonCode.ContinueAuthentication : ReasonCode.ReAuthenticate, scram.First(),
                what == "no beginning" ? Method : "OTHER");
        }
        else
        {
            await SendAsync(client, ReasonCode.ReAuthenticate, scram.First());
            var challenge = Auth(await client.NextAsync()).Properties.AuthenticationData;
            await SendAsync(
                client, what == "twice at once" ? ReasonCode.ReAuthenticate : ReasonCode.ContinueAuthentication, scram.Final(challenge));
        }

        await client.ShouldBeClosedAsync(code);
        await client.DisposeAsync();
    }

    [Fact]
    [Spec("MQTT-4.12.0-7")]
    public async Task Client_that_connected_without_a_method_cannot_authenticate_again()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c");
        await SendAsync(client, ReasonCode.ReAuthenticate, new ScramClient("ann", "pencil").First());
        await client.ShouldBeClosedAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    [Spec("MQTT-3.1.2-24")]
    public async Task Client_that_takes_no_auth_of_ours_is_let_go_without_one()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        await using var client = await broker.OpenRawAsync();
        await StartAsync(client, new ScramClient("ann", "pencil").First(), maximumPacketSize: 20);
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Session_is_the_same_users_however_the_user_proved_it()
    {
        await using var broker = await TestBroker.StartAsync(Options);
        await using (var first = await broker.ConnectAsync("c", o =>
        {
            o.SessionExpiryInterval = 100;
            o.Credentials = new MqttClientCredentials("ann", "pencil"u8.ToArray());
        }))
        {
            await first.DisconnectAsync();
        }

        (await EnterAsync(broker, "bob", "eraser")).Answer.ReasonCode.ShouldBe(ReasonCode.NotAuthorized);
        (await EnterAsync(broker, "ann", "pencil")).Answer.SessionPresent.ShouldBeTrue();
    }

    private static async Task<(RawClient Client, ConnAckPacket Answer)> EnterAsync(TestBroker broker, string user, string password)
    {
        var client = await broker.OpenRawAsync();
        var scram = new ScramClient(user, password);
        await StartAsync(client, scram.First());
        var (code, properties) = Auth(await client.NextAsync());
        (code, properties.AuthenticationMethod).ShouldBe((ReasonCode.ContinueAuthentication, Method));
        (properties.ReasonString, properties.HasUserProperties).ShouldBe((null, false));
        await SendAsync(client, ReasonCode.ContinueAuthentication, scram.Final(properties.AuthenticationData));
        var answer = await client.ConnAckAsync();
        if (answer.ReasonCode == ReasonCode.Success)
        {
            scram.ShouldBeProvedBy(answer.Properties!.AuthenticationData);
        }

        return (client, answer);
    }

    private static Task StartAsync(RawClient client, byte[]? data, uint? maximumPacketSize = null) =>
        client.WriteAsync(output => ClientPackets.Connect(output, new ConnectPacket
        {
            ClientId = "c",
            Properties = new MqttProperties
            {
                AuthenticationMethod = Method, AuthenticationData = data, MaximumPacketSize = maximumPacketSize, SessionExpiryInterval = 100,
            },
        }));

    private static Task SendAsync(RawClient client, ReasonCode code, byte[] data, string method = Method) =>
        client.WriteAsync(output => AuthPacket.Write(output, new AuthPacket { ReasonCode = code, Method = method, Data = data }));

    private static (ReasonCode Code, MqttProperties Properties) Auth(RawPacket packet)
    {
        packet.Type.ShouldBe(MqttPacketType.Auth);
        var reader = new MqttBodyReader(packet.Body);
        reader.TryReadByte(out var code).ShouldBeTrue();
        MqttPacketParts.TryReadProperties(ref reader, MqttVersion.V500, MqttPropertyOwner.Auth, out var properties, out var error)
            .ShouldBeTrue(error.ToString());
        reader.IsEmpty.ShouldBeTrue();
        return ((ReasonCode)code, properties!);
    }

    /// <summary>MQTTnet asks it for the next step.</summary>
    private sealed class Handler : IMqttEnhancedAuthenticationHandler
    {
        public ScramClient Scram { get; } = new("ann", "pencil");

        public async Task HandleEnhancedAuthenticationAsync(MqttEnhancedAuthenticationEventArgs eventArgs) =>
            await eventArgs.SendAsync(new SendMqttEnhancedAuthenticationDataOptions { Data = Scram.Final(eventArgs.AuthenticationData) });
    }
}
