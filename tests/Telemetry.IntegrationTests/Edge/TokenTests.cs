using MQTTnet;
using Telemetry.Edge;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Mqtt;
using Telemetry.Testing;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>JSON Web Tokens as passwords, and the end of a connection with its token.</summary>
public sealed class TokenTests : IAsyncDisposable
{
    private readonly TokenIssuer _issuer = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-tokens-");

    private string KeysFile => Path.Combine(_folder.FullName, "keys");

    public async ValueTask DisposeAsync()
    {
        await _issuer.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("PEM")]
    [InlineData("JWK set")]
    [InlineData("URL")]
    public async Task Bearer_of_a_good_token_is_the_user_that_it_names(string keys)
    {
        await using var broker = await StartAsync(keys);
        await using var client = await broker.ConnectAsync("c", With(_issuer.Token()));
        (await client.PublishAsync("pump-7/x", "1")).ReasonCode.ShouldBe(MqttClientPublishReasonCode.NoMatchingSubscribers);
        (await client.PublishAsync("pump-8/x", "1")).ReasonCode.ShouldBe(MqttClientPublishReasonCode.NotAuthorized);
        // The user name may say the same, and nothing else.
        await using var named = await broker.ConnectAsync("d", With(_issuer.Token(), "pump-7"));
        (await TryAsync(broker, _issuer.Token(), "pump-8")).ShouldBe(MqttClientConnectResultCode.BadUserNameOrPassword);
    }

    [Theory]
    [InlineData("another issuer")]
    [InlineData("another audience")]
    [InlineData("expired")]
    [InlineData("no end")]
    [InlineData("another key")]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("changed")]
    [InlineData("empty subject")]
    [InlineData("too long")]
    [InlineData("no token")]
    public async Task Token_that_is_not_good_is_refused(string what)
    {
        await using var broker = await StartAsync("PEM");
        if (what == "another key")
        {
            _issuer.ChangeKey();
        }

        var token = what switch
        {
            "another issuer" => _issuer.Token(issuer: "https://other.test"),
            "another audience" => _issuer.Token(audience: "billing"),
            "expired" => _issuer.Token(life: TimeSpan.FromMinutes(-10)),
            "no end" => _issuer.Token(ends: false),
            "none" => _issuer.Token(algorithm: "none"),
            "HS256" => _issuer.Token(algorithm: "HS256"),
            "changed" => Changed(_issuer.Token()),
            "empty subject" => _issuer.Token(user: ""),
            "too long" => _issuer.Token(user: new string('x', 20_000)),
            "no token" => "eyJ.eyJ.x"u8.ToArray(),
            _ => _issuer.Token(),
        };
        (await TryAsync(broker, token)).ShouldBe(MqttClientConnectResultCode.BadUserNameOrPassword);

        static byte[] Changed(byte[] token)
        {
            var text = System.Text.Encoding.ASCII.GetString(token).Split('.');
            var body = System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(text[1])).Replace("pump-7", "pump-8");
            return System.Text.Encoding.ASCII.GetBytes(
                $"{text[0]}.{System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(body))}.{text[2]}");
        }
    }

    [Fact]
    public async Task Where_tokens_are_taken_nobody_comes_in_without_credentials()
    {
        await using var broker = await StartAsync("PEM");
        await using var nobody = await TestClient.TryConnectAsync(broker.Port, "c");
        nobody.Answer.ResultCode.ShouldBe(MqttClientConnectResultCode.NotAuthorized);
        (await TryAsync(broker, "secret"u8.ToArray(), "pump-7")).ShouldBe(MqttClientConnectResultCode.BadUserNameOrPassword);
    }

    [Fact]
    public async Task Connection_ends_with_its_token()
    {
        var clock = new StepClock();
        await using var broker = await StartAsync("PEM", clock);
        await using var client = await broker.ConnectAsync("c", With(_issuer.Token(now: clock.GetUtcNow(), life: TimeSpan.FromMinutes(10))));
        clock.Advance(TimeSpan.FromSeconds(595));
        await client.ShouldBeQuietAsync();
        clock.Advance(TimeSpan.FromSeconds(6));
        await client.ShouldBeClosedAsync(MqttClientDisconnectReason.NotAuthorized);
    }

    [Fact]
    [Spec("MQTT-4.12.1-1")]
    public async Task New_token_by_auth_keeps_the_connection()
    {
        var clock = new StepClock();
        await using var broker = await StartAsync("PEM", clock);
        await using var client = await broker.OpenRawAsync();
        await client.WriteAsync(output => ClientPackets.Connect(output, new ConnectPacket
        {
            ClientId = "c",
            Properties = new MqttProperties { AuthenticationMethod = "JWT", AuthenticationData = Token(10) },
        }));
        (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.Success);
        clock.Advance(TimeSpan.FromMinutes(9));
        await AgainAsync(Token(10));
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.Auth);
        clock.Advance(TimeSpan.FromMinutes(9));
        await client.PingAsync();
        // One that ends sooner counts as well.
        await AgainAsync(Token(1));
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.Auth);
        clock.Advance(TimeSpan.FromSeconds(61));
        await client.ShouldBeClosedAsync(ReasonCode.NotAuthorized);

        byte[] Token(int minutes) => _issuer.Token(now: clock.GetUtcNow(), life: TimeSpan.FromMinutes(minutes));

        Task AgainAsync(byte[] token) => client.WriteAsync(output => AuthPacket.Write(
            output, new AuthPacket { ReasonCode = ReasonCode.ReAuthenticate, Method = "JWT", Data = token }));
    }

    [Fact]
    public async Task Keys_that_cannot_be_had_leave_the_last_ones_in_force_and_are_asked_for_again()
    {
        await using var broker = await StartAsync("URL", interval: TimeSpan.FromSeconds(1));
        var token = _issuer.Token();
        (await TryAsync(broker, token)).ShouldBe(MqttClientConnectResultCode.Success);
        _issuer.IsUp = false;
        await UntilAsync(_issuer.Asked + 2);
        (await TryAsync(broker, token)).ShouldBe(MqttClientConnectResultCode.Success);
        // Another key: known once they answer again.
        _issuer.ChangeKey();
        _issuer.IsUp = true;
        await UntilAsync(_issuer.Asked + 2);
        (await TryAsync(broker, _issuer.Token())).ShouldBe(MqttClientConnectResultCode.Success);
        (await TryAsync(broker, token)).ShouldBe(MqttClientConnectResultCode.BadUserNameOrPassword);
    }

    [Fact]
    public async Task File_of_keys_is_read_again_when_it_changes()
    {
        await using var broker = await StartAsync("PEM");
        _issuer.ChangeKey();
        await File.WriteAllTextAsync(KeysFile, _issuer.Pem, TestContext.Current.CancellationToken);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await TryAsync(broker, _issuer.Token()) != MqttClientConnectResultCode.Success)
        {
            await Task.Delay(50, timeout.Token);
        }
    }

    [Theory]
    [InlineData(null, "telemetry", "https://keys.test", "Issuer")]
    [InlineData("https://issuer.test", null, "https://keys.test", "Audience")]
    [InlineData("https://issuer.test", "telemetry", "http://keys.test", "https")]
    public void Settings_that_would_let_strangers_in_are_refused_at_start(string? issuer, string? audience, string url, string says)
    {
        var options = new EdgeOptions { Tokens = new TokenOptions { KeysUrl = new Uri(url), Issuer = issuer, Audience = audience } };
        Should.Throw<EdgeConfigurationException>(() => new Telemetry.Edge.Hosting.MqttBroker(
            options, null, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, TimeProvider.System)).Message.ShouldContain(says);
    }

    private static Action<MqttClientOptions> With(byte[] token, string user = "") => options =>
        options.Credentials = new MqttClientCredentials(user, token);

    private static async Task<MqttClientConnectResultCode> TryAsync(TestBroker broker, byte[] token, string user = "")
    {
        await using var client = await TestClient.TryConnectAsync(broker.Port, "try", With(token, user));
        return client.Answer.ResultCode;
    }

    private async Task UntilAsync(int asked)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (_issuer.Asked < asked)
        {
            await Task.Delay(50, timeout.Token);
        }
    }

    private async Task<TestBroker> StartAsync(string keys, TimeProvider? time = null, TimeSpan? interval = null)
    {
        await File.WriteAllTextAsync(KeysFile, keys == "PEM" ? _issuer.Pem : _issuer.Jwks, TestContext.Current.CancellationToken);
        var broker = await TestBroker.StartAsync(
            new EdgeOptions
            {
                ReloadInterval = TimeSpan.FromMilliseconds(50),
                AccessRules = [new AccessRuleOptions { Publish = ["{user}/#"] }],
                Tokens = new TokenOptions
                {
                    KeysFile = keys == "URL" ? null : KeysFile,
                    KeysUrl = keys == "URL" ? _issuer.Url : null,
                    Issuer = "https://issuer.test",
                    Audience = "telemetry",
                    ClockSkew = TimeSpan.FromSeconds(30),
                    RefreshInterval = interval ?? TimeSpan.FromMinutes(10),
                },
            },
            time: time);
        if (keys == "URL")
        {
            await UntilAsync(1);
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (await TryAsync(broker, _issuer.Token()) != MqttClientConnectResultCode.Success)
            {
                await Task.Delay(50, timeout.Token);
            }
        }

        return broker;
    }
}
