using System.Diagnostics.CodeAnalysis;

namespace Telemetry.Mqtt;

/// <summary>CONNECT, MQTT 5.0 section 3.1.</summary>
public sealed class ConnectPacket
{
    public MqttVersion Version { get; init; } = MqttVersion.V500;

    /// <summary>Empty: the server is to assign one.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Clean Start; Clean Session in 3.1.1.</summary>
    public bool CleanStart { get; init; }

    /// <summary>Seconds; 0 turns it off.</summary>
    public ushort KeepAlive { get; init; }

    public string? UserName { get; init; }

    public ReadOnlyMemory<byte>? Password { get; init; }

    public WillMessage? Will { get; init; }

    /// <summary>Null when there are none, and in 3.1.1.</summary>
    public MqttProperties? Properties { get; init; }

    /// <summary>
    /// Reads the body of a CONNECT. Limits of the client (<c>ReceiveMaximum</c> and so on) stand in
    /// <see cref="Properties"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlySpan<byte> body, [NotNullWhen(true)] out ConnectPacket? packet, out ConnectFailure failure) =>
        ConnectParser.TryParse(body, out packet, out failure);
}
