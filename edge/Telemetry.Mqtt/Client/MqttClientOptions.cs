using System.ComponentModel.DataAnnotations;
using System.Net.Security;

namespace Telemetry.Mqtt.Client;

/// <summary>How a <see cref="MqttClient"/> connects and what it allows itself.</summary>
public sealed record MqttClientOptions
{
    /// <summary>Name or address of the broker. Default: this machine.</summary>
    [Required]
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>TCP port, 1 to 65,535. Default: 1883.</summary>
    [Range(1, 65_535)]
    public int Port { get; init; } = 1883;

    /// <summary>TLS settings; null (default): plain TCP.</summary>
    public SslClientAuthenticationOptions? Tls { get; init; }

    public MqttVersion Version { get; init; } = MqttVersion.V500;

    /// <summary>Client identifier; empty: the broker assigns one.</summary>
    public string ClientId { get; init; } = "";

    public string? UserName { get; init; }

    public ReadOnlyMemory<byte>? Password { get; init; }

    /// <summary>True (default): begin with no session. False: take up the session that the broker may still have.</summary>
    public bool CleanStart { get; init; } = true;

    /// <summary>Longest silence towards the broker; whole seconds, up to 65,535 s; zero: none. Default: 60 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(60);

    public WillMessage? Will { get; init; }

    /// <summary>
    /// Properties of CONNECT, 5.0 only. <see cref="ReceiveMaximum"/> and <see cref="MaximumPacketSize"/> are added by the
    /// client.
    /// </summary>
    public MqttProperties? ConnectProperties { get; init; }

    /// <summary>Unacknowledged publishes to us that the broker may have under way (5.0). Default: 1,000.</summary>
    [Range(1, 65_535)]
    public int ReceiveMaximum { get; init; } = 1_000;

    /// <summary>Largest packet taken from the broker, in bytes. Default: 1 MiB.</summary>
    [Range(128, VariableByteInteger.MaxValue)]
    public int MaximumPacketSize { get; init; } = 1 << 20;

    /// <summary>
    /// Our publishes of QoS 1 and 2 under way at once; the broker's Receive Maximum can make it fewer. Default: 1,000.
    /// </summary>
    [Range(1, 60_000)]
    public int MaximumInFlight { get; init; } = 1_000;

    /// <summary>Bytes waiting for the socket beyond which publishes are told to wait. Default: 256 KiB.</summary>
    [Range(1, int.MaxValue)]
    public int SendBufferBytesMax { get; init; } = 256 * 1024;

    /// <summary>
    /// True: publishes under way when the connection breaks are kept, and sent again with DUP by the next successful
    /// <see cref="MqttClient.ConnectAsync"/> whose session is present. False (default): they complete with
    /// <see cref="PublishOutcome.ConnectionLost"/> at once.
    /// </summary>
    public bool ResumeInFlight { get; init; }

    /// <summary>Time for TCP, TLS and CONNACK together. Default: 10 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where keep alive is watched. Default: one wheel for the whole process.</summary>
    public KeepAliveWheel KeepAliveWheel { get; init; } = KeepAliveWheel.Shared;
}
