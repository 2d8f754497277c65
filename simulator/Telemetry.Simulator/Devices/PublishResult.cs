using MQTTnet.Protocol;

namespace Telemetry.Simulator.Devices;

/// <summary>Fate of a publish.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="ReasonCode">What the broker answered, when it did.</param>
internal readonly record struct PublishResult(PublishOutcome Outcome, MqttPubAckReasonCode ReasonCode);

/// <summary>What can happen to a publish that was started.</summary>
internal enum PublishOutcome
{
    /// <summary>QoS 1: PUBACK. QoS 2: PUBCOMP.</summary>
    Acknowledged,

    /// <summary>The broker refused it with a reason code of 0x80 or above.</summary>
    Refused,

    /// <summary>The connection ended first: the broker may or may not have it.</summary>
    ConnectionLost,
}

/// <summary>Whether a publish was started.</summary>
internal enum PublishStart
{
    /// <summary>Taken; the owner will be told its fate.</summary>
    Started,

    /// <summary>Too much under way; worth another try once something was answered.</summary>
    Full,

    /// <summary>There is no connection.</summary>
    NotConnected,

    /// <summary>Larger than the broker's Maximum Packet Size; it can never be sent.</summary>
    TooLarge,
}
