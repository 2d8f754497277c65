namespace Telemetry.Mqtt;

/// <summary>Answer of <see cref="MqttFrame.TryRead"/>.</summary>
public enum FrameStatus
{
    /// <summary>A whole packet is there.</summary>
    Complete,

    /// <summary>Come back with more bytes.</summary>
    NeedMore,

    /// <summary>These bytes can never become a packet; the connection must be closed.</summary>
    Invalid,
}
