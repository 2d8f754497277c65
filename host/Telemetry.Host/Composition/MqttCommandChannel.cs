using System.Text;
using Telemetry.Bridge.Alarms;
using Telemetry.Bridge.Commands;
using Telemetry.Bridge.Sparkplug.Host;
using Telemetry.Edge.Hosting;
using Telemetry.Mqtt;

namespace Telemetry.Host.Composition;

/// <summary>Commands, and the state of the Sparkplug host, go out through the broker of this process.</summary>
internal sealed class MqttCommandChannel(MqttBroker broker) : ICommandChannel, ISparkplugChannel, IAlarmChannel
{
    public ValueTask<bool> SendPlainAsync(string topic, ReadOnlyMemory<byte> payload) => broker.PublishAsync(topic, payload);

    public bool IsShared => broker.IsShared;

    public int OtherNodes => broker.OtherNodes;

    public byte[]? RetainedState(string topic) => broker.Retained(topic);

    public async ValueTask PublishStateAsync(string topic, ReadOnlyMemory<byte> payload) =>
        await broker.PublishAsync(topic, payload, MqttQos.AtLeastOnce, retain: true);

    public async ValueTask PublishRetainedAsync(string topic, ReadOnlyMemory<byte> payload) =>
        await broker.PublishAsync(topic, payload, MqttQos.AtLeastOnce, retain: true);

    public ValueTask<bool> SendAsync(
        string topic,
        string responseTopic,
        string commandId,
        string name,
        string contentType,
        ReadOnlyMemory<byte> payload,
        TimeSpan expiry)
    {
        var properties = new MqttProperties
        {
            ResponseTopic = responseTopic,
            CorrelationData = Encoding.ASCII.GetBytes(commandId),
            MessageExpiryInterval = (uint)Math.Clamp(Math.Ceiling(expiry.TotalSeconds), 1, uint.MaxValue),
            ContentType = contentType.Length == 0 ? null : contentType,
        };
        properties.AddUserProperty("command", name).AddUserProperty("command-id", commandId);
        return broker.PublishAsync(topic, payload, MqttQos.AtLeastOnce, retain: false, properties);
    }
}
