using Telemetry.Bridge.Commands;

namespace Telemetry.Bridge.Upstream;

/// <summary>
/// Commands to Sparkplug's edge nodes that are connected to the upstream broker: without them a host behind it could never ask for births. Whether
/// anyone there listens, QoS 0 does not tell. Commands of our own stay with our own broker, where they are answered.
/// </summary>
/// <param name="bridge">The connection to that broker.</param>
public sealed class UpstreamCommands(UpstreamBridge bridge) : ICommandChannel
{
    /// <inheritdoc/>
    public ValueTask<bool> SendAsync(
        string topic, string responseTopic, string commandId, string name, string contentType, ReadOnlyMemory<byte> payload, TimeSpan expiry) =>
        ValueTask.FromResult(false);

    /// <inheritdoc/>
    public ValueTask<bool> SendPlainAsync(string topic, ReadOnlyMemory<byte> payload) => bridge.TryPublishAsync(topic, payload);
}
