using System.Globalization;
using MQTTnet;
using MQTTnet.Protocol;
using Telemetry.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>The command line clients of Eclipse Mosquitto against this broker.</summary>
public sealed class MosquittoClientTests
{
    [Theory]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task Mosquitto_publishes_and_receives_at_every_qos(string version)
    {
        var (publish, subscribe) = Programs();
        await using var broker = await TestBroker.StartAsync();
        await broker.Broker.PublishAsync("m/ready", "go"u8.ToArray(), MqttQos.AtLeastOnce, retain: true);
        await using var subscriber = ClientProcess.Start(
            subscribe, [.. Where(broker, version), "-t", "m/#", "-q", "2", "-C", "4", "-F", "%t|%q|%r|%p"]);
        // The retained message says that the subscription stands.
        (await subscriber.LineAsync()).ShouldBe("m/ready|1|1|go");
        for (var qos = 0; qos <= 2; qos++)
        {
            await ClientProcess.RunAsync(publish, [.. Where(broker, version), "-t", $"m/{qos}", "-q", $"{qos}", "-m", "hello"]);
            (await subscriber.LineAsync()).ShouldBe($"m/{qos}|{qos}|0|hello");
        }

        (await subscriber.ReadToEndAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task Mosquitto_leaves_a_retained_message_and_takes_it_away(string version)
    {
        var (publish, subscribe) = Programs();
        await using var broker = await TestBroker.StartAsync();
        await ClientProcess.RunAsync(publish, [.. Where(broker, version), "-t", "r", "-q", "1", "-r", "-m", "kept"]);
        var got = await ClientProcess.RunAsync(subscribe, [.. Where(broker, version), "-t", "r", "-C", "1", "-F", "%r|%p"]);
        got.Trim().ShouldBe("1|kept");
        await ClientProcess.RunAsync(publish, [.. Where(broker, version), "-t", "r", "-q", "1", "-r", "-n"]);
        await using var late = await broker.ConnectAsync("late");
        await late.SubscribeAsync("#");
        await late.ShouldBeQuietAsync();
    }

    [Theory]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task Killed_mosquitto_leaves_its_will(string version)
    {
        var (_, subscribe) = Programs();
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync("will");
        await broker.Broker.PublishAsync("ready", "go"u8.ToArray(), retain: true);
        await using var client = ClientProcess.Start(
            subscribe, [.. Where(broker, version), "-t", "ready", "--will-topic", "will", "--will-payload", "dead", "--will-qos", "1"]);
        await client.LineAsync();
        client.Kill();
        var will = await watcher.NextAsync();
        (will.ConvertPayloadToString(), will.QualityOfServiceLevel).ShouldBe(("dead", MqttQualityOfServiceLevel.AtLeastOnce));
    }

    [Theory]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task Thousand_messages_of_mosquitto_arrive_in_order(string version)
    {
        var (publish, _) = Programs();
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync("m", MqttQualityOfServiceLevel.AtMostOnce);
        await ClientProcess.RunAsync(publish, [.. Where(broker, version), "-t", "m", "-q", "2", "-m", "x", "--repeat", "1000"]);
        for (var i = 0; i < 1000; i++)
        {
            (await watcher.NextAsync()).ConvertPayloadToString().ShouldBe("x");
        }

        await watcher.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Mosquitto_shows_its_certificate_and_reaches_the_ingest()
    {
        var (publish, _) = Programs();
        using var authority = new TestAuthority();
        var ingest = new ScriptedIngest();
        await using var broker = await TlsTests.StartAsync(TlsTests.Required(authority), ingest);
        var device = authority.ClientPem("pump-7");
        var published = ClientProcess.RunAsync(
            publish,
            [.. Where(broker, "mqttv5"), "--cafile", authority.RootFile, "--cert", device, "--key", device, "-t", "in/x", "-q", "1", "-m", "1"]);
        await Task.WhenAny(published, ingest.TakenAsync(1));
        ingest.Certificates.ShouldBe(["pump-7"]);
        published.IsCompleted.ShouldBeFalse();
        ingest.Answer(0);
        await published;
    }

    private static string[] Where(TestBroker broker, string version) =>
        ["-h", "127.0.0.1", "-p", broker.Port.ToString(CultureInfo.InvariantCulture), "-V", version];

    private static (string Publish, string Subscribe) Programs()
    {
        var publish = ClientProcess.Find("mosquitto_pub");
        var subscribe = ClientProcess.Find("mosquitto_sub");
        Assert.SkipWhen(publish is null || subscribe is null, "mosquitto_pub and mosquitto_sub are not installed (Debian: mosquitto-clients).");
        return (publish!, subscribe!);
    }
}
