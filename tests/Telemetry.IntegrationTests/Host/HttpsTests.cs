using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using Telemetry.IntegrationTests.Edge;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Support;
using Telemetry.Mqtt;
using Telemetry.Testing;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Host;

/// <summary>HTTPS and wss of the running platform.</summary>
[Collection("processes")]
public sealed class HttpsTests : IDisposable
{
    private const string Reading = """{"sensor": "t", "value": 1}""";

    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-https-").FullName;
    private readonly TestAuthority _authority = new();

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Https_and_wss_are_served_and_follow_the_certificates_file()
    {
        var ports = FreePorts.Find(2);
        var file = _authority.ServerPem();
        await using var platform = Start(file, ports);
        await platform.WaitForPortAsync(ports[1]);
        var first = await GetAsync(ports[1]);
        first.Code.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable);
        await platform.WaitForPortAsync(await MqttPortAsync(ports[0]));
        await using (var device = await TestClient.ConnectAsync(0, "wss", Over(ports[1])))
        {
            await device.SubscribeAsync("t");
            await device.PublishAsync("t", "hidden");
            (await device.NextAsync()).ConvertPayloadToString().ShouldBe("hidden");

            // Another certificate of the same authority in the same file.
            _authority.ServerPem().ShouldBe(file);
            await UntilAsync(async () => (await GetAsync(ports[1])).Thumbprint != first.Thumbprint);
            var second = await GetAsync(ports[1]);
            await File.WriteAllTextAsync(file, "no certificate", TestContext.Current.CancellationToken);
            await UntilAsync(() => Task.FromResult(platform.Errors.Contains("HTTPS keeps the one before", StringComparison.Ordinal)));
            (await GetAsync(ports[1])).Thumbprint.ShouldBe(second.Thumbprint);

            // Who is connected stays so.
            await device.ShouldBeQuietAsync();
        }

        platform.Terminate();
        (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
    }

    [Fact]
    public async Task Client_certificates_over_wss_are_judged_and_taken_back_as_on_a_listener_of_mqtt()
    {
        var ports = FreePorts.Find(2);
        var none = _authority.RevocationList();
        await using var platform = Start(_authority.ServerPem(), ports, new()
        {
            ["TELEMETRY__HTTP__TLS__CLIENTAUTHORITIESFILE"] = _authority.RootFile,
            ["TELEMETRY__HTTP__TLS__REVOCATIONLISTFILE"] = none,
            ["TELEMETRY__HTTP__TLS__IDENTITY"] = "{uri:spiffe://plant/device/}",
        });
        await platform.WaitForPortAsync(ports[1]);
        await platform.WaitForPortAsync(await MqttPortAsync(ports[0]));

        // The name that the template asks for, which is not the common name, is the device.
        using var certificate = _authority.Client("common name", names => names.AddUri(new Uri("spiffe://plant/device/press-1")));
        await using var device = await ConnectAsync(ports[1], "press-1", certificate);
        await device.PublishAsync("telemetry/v1/press-1/readings", Reading, MqttQos.AtLeastOnce, 1);
        (await device.NextAsync()).Code.ShouldBe(ReasonCode.Success);
        await device.PublishAsync("telemetry/v1/press-2/readings", Reading, MqttQos.AtLeastOnce, 2);
        (await device.NextAsync()).Code.ShouldBe(ReasonCode.NotAuthorized);

        // Who shows none is nobody, and may come in where it is optional.
        await using (var nobody = await ConnectAsync(ports[1], "nobody", null))
        {
            await nobody.PingAsync();
        }

        using var strange = new TestAuthority();
        using var foreign = strange.Client("press-1", names => names.AddUri(new Uri("spiffe://plant/device/press-1")));
        using var server = _authority.Server("press-1");
        using var nameless = _authority.Client("press-1");
        foreach (var bad in (X509Certificate2[])[foreign, server, nameless])
        {
            await Should.ThrowAsync<WebSocketException>(() => ConnectAsync(ports[1], "bad", bad));
        }

        _authority.RevocationList(certificate).ShouldBe(none);
        await device.ShouldBeClosedAsync(ReasonCode.AdministrativeAction);
        await Should.ThrowAsync<WebSocketException>(() => ConnectAsync(ports[1], "press-1", certificate));
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync($"http://127.0.0.1:{ports[0]}/metrics", TestContext.Current.CancellationToken);
        metrics.Split('\n').Single(l => l.StartsWith("telemetry_edge_handshakes_failed", StringComparison.Ordinal) && l.Contains("Certificate\"", StringComparison.Ordinal))
            .Split(' ')[1].ShouldNotBe("0");
    }

    [Fact]
    public async Task Everyone_shows_a_certificate_where_it_is_demanded()
    {
        var ports = FreePorts.Find(2);
        await using var platform = Start(_authority.ServerPem(), ports, new()
        {
            ["TELEMETRY__HTTP__TLS__CLIENTAUTHORITIESFILE"] = _authority.RootFile,
            ["TELEMETRY__HTTP__TLS__REQUIRECLIENTCERTIFICATE"] = "true",
        });
        await platform.WaitForPortAsync(ports[1]);
        await platform.WaitForPortAsync(await MqttPortAsync(ports[0]));
        await Should.ThrowAsync<HttpRequestException>(() => GetAsync(ports[1]));
        await Should.ThrowAsync<WebSocketException>(() => ConnectAsync(ports[1], "nobody", null));
        using var certificate = _authority.Client("press-1");
        await using var device = await ConnectAsync(ports[1], "press-1", certificate);
        await device.PingAsync();
    }

    [Fact]
    public async Task Certificate_that_cannot_be_used_ends_the_start_with_one_sentence()
    {
        var file = Path.Combine(_data, "bad.pem");
        await File.WriteAllTextAsync(file, "no certificate", TestContext.Current.CancellationToken);
        await using var platform = Start(file, FreePorts.Find(2));
        (await platform.WaitAsync()).ShouldBe(2, platform.Errors);
        platform.Errors.ShouldContain($"Http:Tls:CertificateFile '{file}'");
    }

    private TelemetryProcess Start(string certificate, int[] ports, Dictionary<string, string>? more = null) => TelemetryProcess.Start(
        new Dictionary<string, string>(more ?? [])
        {
            ["TELEMETRY__HTTP__TLS__CERTIFICATEFILE"] = certificate,
            ["TELEMETRY__HTTP__TLS__PORT"] = ports[1].ToString(CultureInfo.InvariantCulture),
        },
        "up", "--no-simulator", "--no-browser", "--plain", "--data", _data, "--mqtt-port", "0", "--http-port", ports[0].ToString(CultureInfo.InvariantCulture));

    /// <summary>The broker starts last.</summary>
    private async Task<int> MqttPortAsync(int http)
    {
        using var client = new HttpClient();
        await UntilAsync(async () => (await client.GetAsync($"http://127.0.0.1:{http}/readyz")).IsSuccessStatusCode);
        var file = Path.Combine(_data, "instance.json");
        using var instance = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(file));
        return IPEndPoint.Parse(instance.RootElement.GetProperty("mqtt").GetString()!).Port;
    }

    private async Task<(HttpStatusCode Code, string Thumbprint)> GetAsync(int port)
    {
        var thumbprint = "";
        using var http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                {
                    thumbprint = ((X509Certificate2)certificate!).Thumbprint;
                    return IsTrusted((X509Certificate2)certificate);
                },
            },
        });
        using var answer = await http.GetAsync($"https://127.0.0.1:{port}/readyz", TestContext.Current.CancellationToken);
        return (answer.StatusCode, thumbprint);
    }

    /// <summary>Over wss, with this certificate whatever the server asks for.</summary>
    private async Task<RawClient> ConnectAsync(int port, string id, X509Certificate2? certificate)
    {
        var web = new ClientWebSocket();
        web.Options.AddSubProtocol("mqtt");
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, server, _, _) => IsTrusted((X509Certificate2)server!),
                LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!,
            },
        });
        try
        {
            await web.ConnectAsync(new Uri($"wss://127.0.0.1:{port}/mqtt"), invoker, TestContext.Current.CancellationToken);
        }
        catch
        {
            web.Dispose();
            throw;
        }

        var client = RawClient.Over(WebSocketStream.Create(web, WebSocketMessageType.Binary, ownsWebSocket: true));
        await client.WriteAsync(o => ClientPackets.Connect(o, new ConnectPacket { Version = MqttVersion.V500, ClientId = id, CleanStart = true }));
        (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.Success);
        return client;
    }

    private bool IsTrusted(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority.Root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    private Action<MqttClientOptions> Over(int port) => options => options.ChannelOptions = new MqttClientWebSocketOptions
    {
        Uri = $"wss://127.0.0.1:{port}/mqtt",
        TlsOptions = new MqttClientTlsOptions
        {
            UseTls = true,
            CertificateValidationHandler = context => IsTrusted((X509Certificate2)context.Certificate),
        },
    };

    private static async Task UntilAsync(Func<Task<bool>> done)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await done())
        {
            await Task.Delay(50, limit.Token);
        }
    }
}
