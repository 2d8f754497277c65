namespace Telemetry.Bridge.Links;

/// <summary>Why there is no connection to the broker. The message says what to do; it is tried again after a pause.</summary>
internal sealed class LinkException(string message, LinkFault fault, Exception? inner = null) : Exception(message, inner)
{
    public LinkFault Fault { get; } = fault;
}

/// <summary>Kind of a lost connection; also the metric label.</summary>
internal enum LinkFault
{
    /// <summary>Network, DNS, TCP, or no answer in time.</summary>
    Unreachable,

    /// <summary>Certificate files, or the TLS handshake.</summary>
    Tls,

    /// <summary>The broker does not let us in, or not to a filter.</summary>
    Refused,

    /// <summary>The broker does not speak MQTT 5.</summary>
    Protocol,

    /// <summary>The connection ended.</summary>
    Lost,

    /// <summary>Another client took the session over.</summary>
    TakenOver,

    /// <summary>Our log did not take a message.</summary>
    Log,
}
