namespace Telemetry.Mqtt.Client;

/// <summary>Fate of a publish.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="ReasonCode">What the broker answered, when it did.</param>
public readonly record struct PublishResult(PublishOutcome Outcome, ReasonCode ReasonCode)
{
    /// <summary>True when the broker has it; at QoS 0, when it was given to the connection.</summary>
    public bool IsSuccess => Outcome is PublishOutcome.Acknowledged or PublishOutcome.Sent;
}

/// <summary>What can happen to a publish that was started.</summary>
public enum PublishOutcome
{
    /// <summary>QoS 0: written to the send buffer; nothing more will be known.</summary>
    Sent,

    /// <summary>QoS 1: PUBACK. QoS 2: PUBCOMP.</summary>
    Acknowledged,

    /// <summary>The broker refused it with a reason code of 0x80 or above.</summary>
    Refused,

    /// <summary>The connection ended first: the broker may or may not have it.</summary>
    ConnectionLost,

    /// <summary>Kept for a resumed session, but the broker no longer had the session.</summary>
    SessionLost,
}

/// <summary>Answer of <see cref="MqttClient.TryPublish(PublishMessage, in PublishRequest, IPublishCompletion?, ulong)"/>.</summary>
public enum PublishStart
{
    /// <summary>Taken; the completion will be told (at QoS 0 it was told already).</summary>
    Started,

    /// <summary>Too much under way; await <see cref="MqttClient.WaitForCapacityAsync"/> and try again.</summary>
    Full,

    /// <summary>There is no connection.</summary>
    NotConnected,

    /// <summary>Larger than the broker's Maximum Packet Size; it can never be sent.</summary>
    TooLarge,

    /// <summary>Above the broker's Maximum QoS, or retained where it has no retained messages.</summary>
    NotSupported,
}
