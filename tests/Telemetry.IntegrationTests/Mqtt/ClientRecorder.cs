using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Client;

namespace Telemetry.IntegrationTests.Mqtt;

/// <summary>Keeps what a client was told, and counts completions by state.</summary>
internal sealed class ClientRecorder : IMqttClientHandler, IPublishCompletion
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly Channel<Message> _messages = Channel.CreateBounded<Message>(100_000);
    private readonly Channel<MqttDisconnect> _disconnects = Channel.CreateBounded<MqttDisconnect>(100);

    /// <summary>False: publishes are left for the test to acknowledge.</summary>
    public bool AcknowledgesNow { get; init; } = true;

    /// <summary>How often each state was completed, and the last result.</summary>
    public ConcurrentDictionary<ulong, (int Count, PublishResult Last)> Completions { get; } = new();

    public bool Received(MqttClient client, in PublishPacket packet, in MqttDelivery delivery)
    {
        var properties = new List<MqttUserProperty>();
        var reader = new MqttPropertyReader(packet.Properties);
        while (reader.TryRead(out var property))
        {
            if (property.Id == MqttPropertyId.UserProperty)
            {
                properties.Add(new(Encoding.UTF8.GetString(property.Name), Encoding.UTF8.GetString(property.Value)));
            }
        }
        var message = new Message(
            Encoding.UTF8.GetString(packet.TopicName), packet.Payload.ToArray(), packet.Qos, packet.Retain, packet.Duplicate,
            Encoding.UTF8.GetString(packet.ContentType), packet.SubscriptionIdentifier, properties, delivery);
        _messages.Writer.TryWrite(message).ShouldBeTrue();
        return AcknowledgesNow;
    }

    public void Disconnected(MqttClient client, MqttDisconnect disconnect) => _disconnects.Writer.TryWrite(disconnect);

    public void Published(in PublishResult result, ulong state)
    {
        var last = result;
        Completions.AddOrUpdate(state, (1, last), (_, old) => (old.Count + 1, last));
    }

    public async Task<Message> NextAsync() => await _messages.Reader.ReadAsync().AsTask().WaitAsync(Timeout);

    public bool TryNext(out Message? message) => _messages.Reader.TryRead(out message);

    public async Task<MqttDisconnect> DisconnectAsync() => await _disconnects.Reader.ReadAsync().AsTask().WaitAsync(Timeout);

    public sealed record Message(
        string Topic,
        byte[] Payload,
        MqttQos Qos,
        bool Retain,
        bool Duplicate,
        string ContentType,
        uint SubscriptionIdentifier,
        List<MqttUserProperty> UserProperties,
        MqttDelivery Delivery);
}
