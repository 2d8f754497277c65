using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using Telemetry.Edge;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Security.Passwords;
using Telemetry.IntegrationTests.Support;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Wrong passwords and bad certificates: what the client is told, what operators are told, and that others do not suffer.</summary>
public sealed class CredentialTests
{
    private const byte Alert = 21;

    [Fact]
    public async Task Newcomer_comes_in_while_a_thousand_wrong_passwords_are_refused()
    {
        var options = new EdgeOptions
        {
            Users =
            [
                new MqttUserOptions { Name = "bob", PasswordHash = PasswordHash.CreateArgon2id("bob"u8) },
                new MqttUserOptions { Name = "ann", PasswordHash = PasswordHash.CreateArgon2id("ann"u8) },
            ],
        };
        await using var broker = await TestBroker.StartAsync(options);
        var crowd = new List<RawClient>();
        for (var i = 0; i < 1_000; i++)
        {
            var client = await broker.OpenRawAsync();
            crowd.Add(client);
            await client.WriteAsync(output => ClientPackets.Connect(output, new ConnectPacket
            {
                ClientId = $"c{crowd.Count}", CleanStart = true, UserName = "bob", Password = "wrong"u8.ToArray(),
            }));
        }

        await using var ann = await broker.ConnectAsync("ann", o => o.Credentials = new MqttClientCredentials("ann", "ann"u8.ToArray()));
        await ann.ShouldBeQuietAsync();
        var codes = await Task.WhenAll(crowd.Select(async c => (await c.ConnAckAsync()).ReasonCode));
        codes.ShouldAllBe(c => c == ReasonCode.BadUserNameOrPassword || c == ReasonCode.ConnectionRateExceeded);
        // Five wrong ones are looked at, and one more every ten seconds: the others cost no hash.
        codes.Count(c => c == ReasonCode.BadUserNameOrPassword).ShouldBeInRange(1, 20);
        broker.Broker.Security.Metrics.Of(AuthenticationOutcome.TryLater).ShouldBeGreaterThan(900);
        foreach (var client in crowd)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Refusal_to_look_at_a_password_is_return_code_3_of_3_1_1()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions
        {
            Users = [new MqttUserOptions { Name = "bob", PasswordHash = PasswordHash.Create("bob"u8, 1_000) }],
        });
        var codes = new List<ReasonCode>();
        for (var i = 0; i < 10; i++)
        {
            await using var client = await broker.OpenRawAsync(MqttVersion.V311);
            await client.WriteAsync(output => ClientPackets.Connect(output, new ConnectPacket
            {
                Version = MqttVersion.V311, ClientId = "c", CleanStart = true, UserName = "bob", Password = "wrong"u8.ToArray(),
            }));
            codes.Add((await client.ConnAckAsync()).ReasonCode);
        }

        codes[0].ShouldBe(ReasonCode.BadUserNameOrPassword);
        codes[^1].ShouldBe(ReasonCode.ServerUnavailable);
    }

    [Theory]
    [InlineData("no certificate")]
    [InlineData("another authority")]
    [InlineData("a server's certificate")]
    public async Task Bad_client_certificate_gets_an_alert_a_log_line_and_a_count(string what)
    {
        using var authority = new TestAuthority();
        using var strange = new TestAuthority();
        using var log = new LogEntries();
        await using var broker = await TestBroker.StartAsync(
            new EdgeOptions { Listeners = [new MqttListenerOptions { Port = 0, Tls = TlsTests.Required(authority) }] }, loggers: log);
        using var certificate = what switch
        {
            "another authority" => strange.Client("pump-7"),
            "a server's certificate" => authority.Server("pump-7"),
            _ => null,
        };
        for (var i = 0; i < 3; i++)
        {
            var last = await HandshakeAsync((IPEndPoint)broker.EndPoint, authority, certificate);
            last.Type.ShouldBe(Alert);
        }

        // Counted when the client had its moment to read the alert.
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (broker.Broker.Security.Metrics.Of(HandshakeFailure.Certificate) < 3)
        {
            await Task.Delay(20, timeout.Token);
        }

        // One line for all: anyone can send bad certificates.
        var line = log.All.Where(e => e.Id == 1010).ShouldHaveSingleItem();
        line.Text.ShouldContain(what == "no certificate" ? "no certificate" : "CN=pump-7");
    }

    /// <summary>The last TLS record of a connection that the server refuses. In TLS 1.2 its type can be read.</summary>
    private static async Task<(byte Type, byte[] Body)> HandshakeAsync(IPEndPoint endpoint, TestAuthority authority, X509Certificate2? certificate)
    {
        using var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(endpoint, TestContext.Current.CancellationToken);
        await using var stream = new RecordingStream(socket.GetStream());
        await using var tls = new SslStream(stream);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority.Root);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "127.0.0.1",
                    EnabledSslProtocols = SslProtocols.Tls12,
                    CertificateChainPolicy = policy,
                    LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!,
                },
                TestContext.Current.CancellationToken);
            (await tls.ReadAsync(new byte[1], TestContext.Current.CancellationToken)).ShouldBe(0, "no byte of MQTT may come");
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            exception.Message.ShouldNotBeEmpty();
        }

        return stream.Records()[^1];
    }
}
