using System.Buffers;
using System.Text.Json;
using MQTTnet;
using MQTTnet.Protocol;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Testing.Sparkplug;
using Telemetry.Testing.Sparkplug.Wire;

namespace Telemetry.IntegrationTests.Sparkplug;

/// <summary>A scripted edge node on a real connection: MQTTnet's client with the death certificate as its will.</summary>
internal sealed class MqttEdge : IAsyncDisposable
{
    private readonly TestClient _client;

    private MqttEdge(TestClient client, ScriptedEdge script) => (_client, Script) = (client, script);

    public ScriptedEdge Script { get; }

    /// <summary>
    /// CONNECT with the will, then the subscriptions, as the specification orders it. Times are now.
    /// </summary>
    public static async Task<MqttEdge> ConnectAsync(int port, string group, string edge, ulong bdSeq = 0, string hostId = "telemetry")
    {
        var script = new ScriptedEdge(group, edge) { BdSeq = bdSeq, NowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() };
        var death = script.NDeath();
        var client = await TestClient.ConnectAsync(port, $"{group}-{edge}", options =>
        {
            options.WillTopic = death.Topic;
            options.WillPayload = death.Payload;
            options.WillQualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce;
        });
        await client.SubscribeAsync($"spBv1.0/{group}/NCMD/{edge}");
        await client.SubscribeAsync($"spBv1.0/STATE/{hostId}");
        return new MqttEdge(client, script);
    }

    /// <summary>Publishes and waits until it is accepted. The specification says QoS 0; 1 tells the test when the log has it.</summary>
    public async Task SendAsync(EdgeMessage message, MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtLeastOnce)
    {
        var answer = await _client.PublishAsync(message.Topic, message.Payload, qos);
        answer.IsSuccess.ShouldBeTrue($"{message.Topic}: {answer.ReasonCode} {answer.ReasonString}");
    }

    /// <summary>The next message for the node.</summary>
    public Task<MqttApplicationMessage> NextAsync() => _client.NextAsync();

    /// <summary>Waits for the online STATE, passing over what comes before.</summary>
    public async Task<(MqttApplicationMessage Message, long Timestamp)> OnlineAsync()
    {
        while (true)
        {
            var message = await NextAsync();
            if (message.Topic.StartsWith("spBv1.0/STATE/", StringComparison.Ordinal) && State(message) is (true, var timestamp))
            {
                return (message, timestamp);
            }
        }
    }

    /// <summary>Waits for the request for births, passing over what comes before.</summary>
    public async Task<MqttApplicationMessage> RebirthAsync()
    {
        while (true)
        {
            var message = await NextAsync();
            if (message.Topic == Script.Topic("NCMD"))
            {
                var metric = Payload.Parser.ParseFrom(message.Payload.ToArray()).Metrics.ShouldHaveSingleItem();
                (metric.Name, metric.BooleanValue).ShouldBe(("Node Control/Rebirth", true));
                return message;
            }
        }
    }

    public static (bool Online, long Timestamp) State(MqttApplicationMessage message)
    {
        using var json = JsonDocument.Parse(message.Payload.ToArray());
        return (json.RootElement.GetProperty("online").GetBoolean(), json.RootElement.GetProperty("timestamp").GetInt64());
    }

    /// <summary>DISCONNECT: the will is discarded.</summary>
    public Task DisconnectAsync() => _client.DisconnectAsync();

    /// <summary>Ends without a word: the will speaks.</summary>
    public void Cut() => _client.Cut();

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
