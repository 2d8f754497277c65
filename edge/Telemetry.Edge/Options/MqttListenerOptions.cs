using System.ComponentModel.DataAnnotations;

namespace Telemetry.Edge;

/// <summary>One address and port on which the broker takes MQTT connections.</summary>
public sealed record MqttListenerOptions
{
    /// <summary>IP address, default 127.0.0.1; <c>0.0.0.0</c> or <c>::</c> for all.</summary>
    [Required]
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>TCP port, default 1883; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; init; } = 1883;

    /// <summary>TLS settings; null, the default, for plain TCP.</summary>
    public MqttTlsOptions? Tls { get; init; }
}
