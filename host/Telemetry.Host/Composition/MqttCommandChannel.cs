using System.Text;
using Telemetry.Bridge.Commands;
using Telemetry.Edge.Hosting;
using Telemetry.Mqtt;

namespace Telemetry.Host.Composition;

/// <summary>Commands go out through the broker of this process.</summary>
internal sealed class MqttCommandChannel(MqttBroker broker) : ICommandChannel
{
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
