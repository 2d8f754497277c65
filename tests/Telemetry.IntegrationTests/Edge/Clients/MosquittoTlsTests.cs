using System.Globalization;
using Telemetry.Mqtt;

namespace Telemetry.IntegrationTests.Edge.Clients;

/// <summary>The command line clients of Eclipse Mosquitto over TLS. (Those of version 2.0 have no WebSocket.)</summary>
public sealed class MosquittoTlsTests
{
    [Theory]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task Mosquitto_publishes_and_receives_at_every_qos_over_tls(string version)
    {
        var publish = ClientProcess.Find("mosquitto_pub");
        var subscribe = ClientProcess.Find("mosquitto_sub");
        Assert.SkipWhen(publish is null || subscribe is null, "mosquitto_pub and mosquitto_sub are not installed (Debian: mosquitto-clients).");
        await using var transports = await Transports.StartAsync();
        string[] where =
        [
            "-h", "127.0.0.1", "-p", transports.PortOf(Transport.Tls).ToString(CultureInfo.InvariantCulture), "-V", version,
            "--cafile", transports.Authority.RootFile,
        ];
        await transports.Broker.Broker.PublishAsync("m/ready", "go"u8.ToArray(), MqttQos.AtLeastOnce, retain: true);
        await using var subscriber = ClientProcess.Start(subscribe!, [.. where, "-t", "m/#", "-q", "2", "-C", "4", "-F", "%t|%q|%p"]);
        (await subscriber.LineAsync()).ShouldBe("m/ready|1|go");
        for (var qos = 0; qos <= 2; qos++)
        {
            await ClientProcess.RunAsync(publish!, [.. where, "-t", $"m/{qos}", "-q", $"{qos}", "-m", "hello"]);
            (await subscriber.LineAsync()).ShouldBe($"m/{qos}|{qos}|hello");
        }

        (await subscriber.ReadToEndAsync()).ShouldBeEmpty();
    }
}
