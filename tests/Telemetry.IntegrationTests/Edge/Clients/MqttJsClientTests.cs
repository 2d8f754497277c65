using Telemetry.Tests.Support;

namespace Telemetry.IntegrationTests.Edge.Clients;

/// <summary>MQTT.js over every transport and in both versions; tests/mqtt-client/check.mjs has the checks.</summary>
public sealed class MqttJsClientTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "mqtt-client");

    [Theory]
    [InlineData(Transport.Tcp, 4)]
    [InlineData(Transport.Tcp, 5)]
    [InlineData(Transport.Tls, 4)]
    [InlineData(Transport.Tls, 5)]
    [InlineData(Transport.WebSocket, 4)]
    [InlineData(Transport.WebSocket, 5)]
    [InlineData(Transport.SecureWebSocket, 4)]
    [InlineData(Transport.SecureWebSocket, 5)]
    public async Task Mqtt_js_gets_every_message_back_once_and_in_order(Transport transport, int version)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, "node_modules")), "MQTT.js is not installed: npm ci in tests/mqtt-client");
        await using var transports = await Transports.StartAsync();
        var output = await ClientProcess.RunAsync(
            "node",
            [
                Path.Combine(Folder, "check.mjs"),
                transports.AddressOf(transport),
                $"{version}",
                .. Transports.IsSecure(transport) ? [transports.Authority.RootFile] : Array.Empty<string>(),
            ]);
        output.Trim().ShouldBe("good");
    }
}
