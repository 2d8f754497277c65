using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;
using Telemetry.Edge;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

public sealed class TlsTests
{
    public enum Form
    {
        Pem,
        PemWithEncryptedKey,
        Pfx,
    }

    [Theory]
    [InlineData(Form.Pem, SslProtocols.Tls12)]
    [InlineData(Form.PemWithEncryptedKey, SslProtocols.Tls13)]
    [InlineData(Form.Pfx, SslProtocols.Tls13)]
    public async Task Messages_go_over_tls_with_a_certificate_of_each_form(Form form, SslProtocols protocol)
    {
        using var authority = new TestAuthority();
        await using var broker = await StartAsync(form switch
        {
            Form.Pem => new MqttTlsOptions { CertificateFile = authority.ServerPem() },
            Form.Pfx => new MqttTlsOptions { CertificateFile = authority.ServerPfx("secret"), Password = "secret" },
            _ => WithKey(authority.ServerPemWithKey("secret")),
        });
        await using var client = await ConnectAsync(broker, authority, null, protocol);
        await client.SubscribeAsync("t", MqttQualityOfServiceLevel.AtMostOnce);
        // Larger than a TLS record and than any buffer on the way.
        var payload = new string('x', 300_000);
        await client.PublishAsync("t", payload, MqttQualityOfServiceLevel.AtMostOnce);
        (await client.NextAsync()).ConvertPayloadToString().ShouldBe(payload);
        await client.PublishAsync(new MqttApplicationMessage { Topic = "t", TopicAlias = ushort.MaxValue });
        await client.ShouldBeClosedAsync(MqttClientDisconnectReason.TopicAliasInvalid);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Reason_comes_before_the_end_over_tls_too(SslProtocols protocol)
    {
        using var authority = new TestAuthority();
        await using var broker = await StartAsync(new MqttTlsOptions { CertificateFile = authority.ServerPem() });
        using var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync((IPEndPoint)broker.EndPoint, TestContext.Current.CancellationToken);
        var tls = new SslStream(socket.GetStream());
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority.Root);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "127.0.0.1", EnabledSslProtocols = protocol, CertificateChainPolicy = policy },
            TestContext.Current.CancellationToken);
        await using var client = RawClient.Over(tls);
        await client.WriteAsync(output => ClientPackets.Connect(output, new ConnectPacket { ClientId = "c", CleanStart = true }));
        (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.Success);
        await client.SendAsync(0x00, 0x00);
        await client.ShouldBeClosedAsync(ReasonCode.MalformedPacket);
    }

    [Fact]
    public async Task Client_that_is_waiting_over_tls_is_told_why_it_is_closed()
    {
        using var authority = new TestAuthority();
        await using var broker = await StartAsync(new MqttTlsOptions { CertificateFile = authority.ServerPem() });
        await using var first = await ConnectAsync(broker, authority, null);
        await using var second = await ConnectAsync(broker, authority, null);
        await first.ShouldBeClosedAsync(MqttClientDisconnectReason.SessionTakenOver);
        await second.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Common_name_of_the_client_certificate_reaches_the_ingest()
    {
        using var authority = new TestAuthority();
        var ingest = new ScriptedIngest();
        await using var broker = await StartAsync(Required(authority), ingest);
        using var certificate = authority.Client("pump-7");
        await using var client = await ConnectAsync(broker, authority, certificate);
        await client.PublishAsync("in/x", "1", MqttQualityOfServiceLevel.AtMostOnce);
        await ingest.TakenAsync(1);
        ingest.Certificates.ShouldBe(["pump-7"]);
    }

    [Theory]
    [InlineData("no certificate")]
    [InlineData("another authority")]
    [InlineData("a server's certificate")]
    public async Task Client_that_cannot_prove_who_it_is_gets_nowhere(string what)
    {
        using var authority = new TestAuthority();
        using var strange = new TestAuthority();
        await using var broker = await StartAsync(Required(authority));
        using var certificate = what switch
        {
            "another authority" => strange.Client("pump-7"),
            "a server's certificate" => authority.Server("pump-7"),
            _ => null,
        };
        // TLS 1.3 tells the client only after its own handshake is through: by an alert in place of the CONNACK.
        await Should.ThrowAsync<MqttCommunicationException>(() => ConnectAsync(broker, authority, certificate));
        broker.Broker.Sessions.Count.ShouldBe(0);
        using var good = authority.Client("pump-8");
        await using var neighbour = await ConnectAsync(broker, authority, good);
        await neighbour.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Client_without_a_certificate_is_let_in_when_it_is_optional()
    {
        using var authority = new TestAuthority();
        var ingest = new ScriptedIngest();
        await using var broker = await StartAsync(Required(authority) with { RequireClientCertificate = false }, ingest);
        await using var client = await ConnectAsync(broker, authority, null);
        await client.PublishAsync("in/x", "1", MqttQualityOfServiceLevel.AtMostOnce);
        await ingest.TakenAsync(1);
        ingest.Certificates.ShouldBe([null]);
    }

    [Fact]
    public async Task Handshakes_that_stall_hold_up_no_other()
    {
        const int Stalled = 20;
        using var authority = new TestAuthority();
        await using var broker = await TestBroker.StartAsync(new EdgeOptions
        {
            MaxHandshakesAtOnce = 1,
            Listeners = [new MqttListenerOptions { Port = 0, Tls = Required(authority) with { RequireClientCertificate = false } }],
        });

        // Half a ClientHello, and a whole one whose answer is never read.
        var stalled = new List<RawClient>();
        for (var i = 0; i < Stalled; i++)
        {
            var client = await broker.OpenRawAsync();
            await client.SendAsync(i % 2 == 0 ? [0x16, 0x03, 0x01, 0x02, 0x00, 0x01] : ClientHello());
            stalled.Add(client);
        }

        await using var other = await ConnectAsync(broker, authority, null);
        await other.ShouldBeQuietAsync();
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            await using var one = await broker.ConnectAsync($"c{i}", options => Use(options, authority, null));
            await one.DisconnectAsync();
        }));
        foreach (var client in stalled)
        {
            await client.DisposeAsync();
        }
    }

    /// <summary>What a client of this runtime sends first.</summary>
    private static byte[] ClientHello()
    {
        using var wire = new MemoryStream();
        using var tls = new SslStream(wire, leaveInnerStreamOpen: true);
        try
        {
            tls.AuthenticateAsClient("localhost");
        }
        catch (IOException)
        {
            // Nobody has answered.
        }

        return wire.ToArray();
    }

    [Fact]
    public async Task Client_that_speaks_plain_to_a_tls_port_harms_nobody()
    {
        using var authority = new TestAuthority();
        await using var broker = await StartAsync(new MqttTlsOptions { CertificateFile = authority.ServerPem() });
        await using var plain = await broker.OpenRawAsync();
        await plain.SendAsync(0x10, 14, 0, 4, 0x4D, 0x51, 0x54, 0x54, 5, 2, 0, 0, 0, 0, 1, 0x6D);
        try
        {
            (await plain.TryNextAsync()).ShouldBeNull();
        }
        catch (Exception exception) when (exception is IOException or ShouldAssertException)
        {
            // A reset, or the TLS alert, which is no MQTT packet.
            exception.ShouldNotBeNull();
        }

        await using var client = await ConnectAsync(broker, authority, null);
        await client.ShouldBeQuietAsync();
    }

    internal static MqttTlsOptions Required(TestAuthority authority) => new()
    {
        CertificateFile = authority.ServerPem(),
        ClientAuthoritiesFile = authority.RootFile,
    };

    internal static Task<TestBroker> StartAsync(MqttTlsOptions tls, ScriptedIngest? ingest = null) =>
        TestBroker.StartAsync(new EdgeOptions { Listeners = [new MqttListenerOptions { Port = 0, Tls = tls }] }, ingest);

    private static MqttTlsOptions WithKey((string Certificate, string Key) files) =>
        new() { CertificateFile = files.Certificate, KeyFile = files.Key, Password = "secret" };

    private static Task<TestClient> ConnectAsync(
        TestBroker broker, TestAuthority authority, X509Certificate2? certificate, SslProtocols protocol = SslProtocols.Tls13) =>
        broker.ConnectAsync("c", options => Use(options, authority, certificate, protocol));

    internal static void Use(
        MqttClientOptions options, TestAuthority authority, X509Certificate2? certificate, SslProtocols protocol = SslProtocols.Tls13, uint expiry = 0)
    {
        options.SessionExpiryInterval = expiry;
        options.CleanSession = expiry == 0;
        ((MqttClientTcpOptions)options.ChannelOptions).TlsOptions = new MqttClientTlsOptions
        {
            UseTls = true,
            TargetHost = "127.0.0.1",
            SslProtocol = protocol,
            TrustChain = [authority.Root],
            RevocationMode = X509RevocationMode.NoCheck,
            ApplicationProtocols = [new SslApplicationProtocol("mqtt")],
            // Sent even if the server does not name its authority.
            CertificateSelectionHandler = certificate is null ? null : _ => certificate,
        };
    }
}
