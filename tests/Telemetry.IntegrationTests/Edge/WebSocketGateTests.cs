using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Telemetry.Edge;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Who may open a WebSocket at all: pages of other origins may not, nor anyone where MQTT's own listeners would not start.</summary>
public sealed class WebSocketGateTests
{
    private const string Hash = "pbkdf2-sha256$210000$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    private static readonly IPAddress Elsewhere = IPAddress.Parse("10.1.2.3");

    [Theory]
    [InlineData(null, true)]
    [InlineData("http://HOST", true)]
    [InlineData("https://HOST", true)]
    [InlineData("http://127.0.0.1:1", false)]
    [InlineData("http://127.0.0.1", false)]
    [InlineData("http://localhost:PORT", false)]
    [InlineData("http://evil.example", false)]
    [InlineData("null", false)]
    [InlineData("file:///", false)]
    [InlineData("https://plant.example:8443", true)]
    [InlineData("https://PLANT.example:8443", true)]
    [InlineData("http://plant.example:8443", false)]
    [InlineData("https://plant.example", false)]
    [InlineData("https://plant.example:8443.evil.example", false)]
    public async Task Page_of_another_origin_may_not_connect_unless_it_is_configured(string? origin, bool allowed)
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { AllowedOrigins = ["https://plant.example:8443"] });
        await using var app = await WebSocketTests.WebAsync(broker.Broker);
        var host = WebSocketTests.Address(app);
        var status = await AskAsync(app, origin?
            .Replace("HOST", host.Authority, StringComparison.Ordinal)
            .Replace("PORT", $"{host.Port}", StringComparison.Ordinal));
        status.ShouldBe(allowed ? HttpStatusCode.SwitchingProtocols : HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Star_allows_every_origin()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { AllowedOrigins = ["*"] });
        await using var app = await WebSocketTests.WebAsync(broker.Broker);
        (await AskAsync(app, "http://anyone.example")).ShouldBe(HttpStatusCode.SwitchingProtocols);
        (await AskAsync(app, "null")).ShouldBe(HttpStatusCode.SwitchingProtocols);
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    public async Task Address_open_to_other_machines_needs_credentials_over_http_too(bool users, bool anonymous, bool allowed)
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions
        {
            Users = users ? [new MqttUserOptions { Name = "a", PasswordHash = Hash }] : [],
            AllowAnonymousFromAnywhere = anonymous,
        });
        await using var app = await WebSocketTests.WebAsync(broker.Broker, a => a.Use((context, next) =>
        {
            // As if the client had come in by the network.
            context.Connection.LocalIpAddress = Elsewhere;
            return next(context);
        }));
        (await AskAsync(app, null)).ShouldBe(allowed ? HttpStatusCode.SwitchingProtocols : HttpStatusCode.Forbidden);
        broker.Broker.TakesWebSocketsOn(Elsewhere).ShouldBe(allowed);
        broker.Broker.TakesWebSocketsOn(IPAddress.Any).ShouldBe(allowed);
        broker.Broker.TakesWebSocketsOn(IPAddress.Loopback.MapToIPv6()).ShouldBeTrue();
        broker.Broker.TakesWebSocketsOn(IPAddress.IPv6Loopback).ShouldBeTrue();
    }

    [Fact]
    public async Task Refusal_says_what_to_do()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var app = await WebSocketTests.WebAsync(broker.Broker);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(WebSocketTests.Address(app)) { Scheme = "http" }.Uri);
        foreach (var (name, value) in Upgrade("http://evil.example"))
        {
            request.Headers.Add(name, value);
        }

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("Edge:AllowedOrigins");
    }

    private static async Task<HttpStatusCode> AskAsync(WebApplication app, string? origin)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        socket.Options.CollectHttpResponseDetails = true;
        if (origin is not null)
        {
            socket.Options.SetRequestHeader("Origin", origin);
        }

        try
        {
            await socket.ConnectAsync(WebSocketTests.Address(app), TestContext.Current.CancellationToken);
        }
        catch (WebSocketException)
        {
            socket.HttpStatusCode.ShouldNotBe(default);
        }

        return socket.HttpStatusCode;
    }

    private static IEnumerable<(string Name, string Value)> Upgrade(string origin) =>
    [
        ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Protocol", "mqtt"),
        ("Sec-WebSocket-Key", Convert.ToBase64String(Encoding.ASCII.GetBytes("sixteen bytes..."))), ("Origin", origin),
    ];
}
