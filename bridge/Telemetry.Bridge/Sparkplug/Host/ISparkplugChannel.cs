namespace Telemetry.Bridge.Sparkplug.Host;

/// <summary>The broker's side of the host's STATE.</summary>
public interface ISparkplugChannel
{
    /// <summary>True: other edge processes share what this broker retains, so the state is one for all of them.</summary>
    bool IsShared { get; }

    /// <summary>Those of them that live, as far as it is known here; 0 where nothing is shared.</summary>
    int OtherNodes { get; }

    /// <summary>Publishes retained, QoS 1.</summary>
    ValueTask PublishStateAsync(string topic, ReadOnlyMemory<byte> payload);

    /// <summary>What is retained there now, whoever of them has published it; null when nothing is.</summary>
    byte[]? RetainedState(string topic);
}
