namespace Telemetry.Bridge.Sparkplug.Host;

/// <summary>The broker's side of the host's STATE.</summary>
public interface ISparkplugChannel
{
    /// <summary>Publishes retained, QoS 1.</summary>
    ValueTask PublishStateAsync(string topic, ReadOnlyMemory<byte> payload);
}
