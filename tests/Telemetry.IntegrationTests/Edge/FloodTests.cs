using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using MQTTnet;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>More connections than the process has files, on each of its listeners.</summary>
[Collection("processes")]
public sealed partial class FloodTests : IDisposable
{
    private const int Files = 1_024;
    private const int Connections = 1_500;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-flood-").FullName;
    private readonly TestAuthority _authority = new();
    // Each request through the door, not over a connection that is in already.
    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(20) };
    private int _sequence;

    public void Dispose()
    {
        _http.Dispose();
        _authority.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Flood_of_any_listener_ends_nothing_and_leaves_the_door_open()
    {
        var ports = FreePorts.Find(3);
        var (plain, tls, http) = (ports[0], ports[1], ports[2]);
        var environment = new Dictionary<string, string>
        {
            ["TELEMETRY__EDGE__LISTENERS__0__PORT"] = Text(plain),
            ["TELEMETRY__EDGE__LISTENERS__1__PORT"] = Text(tls),
            ["TELEMETRY__EDGE__LISTENERS__1__TLS__CERTIFICATEFILE"] = _authority.ServerPem(),
        };
        await using var platform = TelemetryProcess.StartWithFiles(
            Files, environment, "up", "--no-simulator", "--no-browser", "--plain", "--data", _data, "--http-port", Text(http));
        await platform.WaitForPortAsync(http);
        await platform.WaitForPortAsync(plain);
        await UntilAsync(async () => (await ReadyAsync(http)).Code == HttpStatusCode.OK);
        await using var device = await TestClient.ConnectAsync(plain, "before");
        await PublishAsync(device);

        var upgrade = "GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
        foreach (var (listener, port, words) in new[]
        {
            ("mqtt", plain, ""), ("mqtt", tls, ""), ("http", http, upgrade), ("http", http, "GET /readyz HTTP/1.1\r\n"),
        })
        {
            var refusedBefore = await RefusedAsync(http, listener);
            var flood = await FloodAsync(port, words);
            try
            {
                platform.HasExited.ShouldBeFalse(platform.Errors);
                // The client that was there before still has its publishes stored and acknowledged: the log has its files.
                await PublishAsync(device);
                if (listener == "mqtt")
                {
                    // The other door is open.
                    (await ReadyAsync(http)).ShouldBe((HttpStatusCode.OK, ""));
                }
                else
                {
                    await using var other = await TestClient.ConnectAsync(plain, "meanwhile");
                    await PublishAsync(other);
                }
            }
            finally
            {
                flood.ForEach(s => s.Dispose());
            }

            await UntilAsync(async () => await RefusedAsync(http, listener) > refusedBefore);
            await UntilAsync(async () =>
            {
                await using var newcomer = await TestClient.TryConnectAsync(plain, "after");
                return newcomer.Answer.ResultCode == MqttClientConnectResultCode.Success;
            });
            await UntilAsync(() => WebSocketOpensAsync(http));
            platform.HasExited.ShouldBeFalse(platform.Errors);
        }

        await PublishAsync(device);
        platform.Errors.ShouldContain("is closed at once");
        platform.Terminate();
        (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
    }

    private async Task PublishAsync(TestClient client)
    {
        var payload = $"{{\"boot\":7,\"seq\":{++_sequence},\"readings\":[{{\"sensor\":\"t\",\"value\":1}}]}}";
        (await client.PublishAsync("telemetry/v1/flood-1/readings", payload)).IsSuccess.ShouldBeTrue();
    }

    /// <summary>What /readyz says, with its reasons when that is not yes.</summary>
    private async Task<(HttpStatusCode Code, string Reasons)> ReadyAsync(int http)
    {
        using var answer = await _http.GetAsync($"http://127.0.0.1:{http}/readyz", TestContext.Current.CancellationToken);
        var reasons = answer.IsSuccessStatusCode ? "" : await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (answer.StatusCode, reasons);
    }

    private static async Task<List<Socket>> FloodAsync(int port, string words)
    {
        var bytes = Encoding.ASCII.GetBytes(words);
        var sockets = new List<Socket>();
        for (var i = 0; i < Connections; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            sockets.Add(socket);
            try
            {
                using var limit = new CancellationTokenSource(Patience);
                await socket.ConnectAsync(IPAddress.Loopback, port, limit.Token);
                await socket.SendAsync(bytes, SocketFlags.None, limit.Token);
            }
            catch (SocketException)
            {
                // Refused is what most of them should be.
            }
        }

        return sockets;
    }

    private async Task<long> RefusedAsync(int http, string listener)
    {
        try
        {
            var metrics = await _http.GetStringAsync($"http://127.0.0.1:{http}/metrics", TestContext.Current.CancellationToken);
            return Refused().Matches(metrics).Where(m => m.Groups[1].Value == listener)
                .Sum(m => long.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture));
        }
        catch (HttpRequestException)
        {
            // The flood is still going out.
            return -1;
        }
    }

    private static async Task<bool> WebSocketOpensAsync(int http)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        try
        {
            using var limit = new CancellationTokenSource(Patience);
            await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{http}/mqtt"), limit.Token);
            return socket.State == WebSocketState.Open;
        }
        catch (WebSocketException)
        {
            return false;
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> done)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await done())
        {
            await Task.Delay(50, limit.Token);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^telemetry_sockets_refused_total\{[^}]*listener=""(\w+)""[^}]*\} (\d+)", RegexOptions.Multiline)]
    private static partial Regex Refused();
}
