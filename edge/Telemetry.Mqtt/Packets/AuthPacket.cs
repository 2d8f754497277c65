using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Telemetry.Mqtt;

/// <summary>AUTH, MQTT 5.0 section 3.15. There is none in 3.1.1: see <see cref="MqttDirection"/>.</summary>
public sealed class AuthPacket
{
    /// <summary>Success (server only), Continue authentication or Re-authenticate (client only).</summary>
    public ReasonCode ReasonCode { get; init; }

    public MqttProperties? Properties { get; init; }

    /// <summary>Reads the body of an AUTH.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> body, MqttPeer sender, [NotNullWhen(true)] out AuthPacket? packet, out MqttError error)
    {
        packet = null;
        error = default;
        ReasonCode code = ReasonCode.Success;
        MqttProperties? properties = null;
        if (!body.IsEmpty)
        {
            var reader = new MqttBodyReader(body);
            reader.TryReadByte(out var rawCode);
            code = (ReasonCode)rawCode;
            if (!reader.IsEmpty && !MqttPacketParts.TryReadProperties(
                ref reader, MqttVersion.V500, MqttPropertyOwner.Auth, out properties, out error))
            {
                return false;
            }
            if (!reader.IsEmpty)
            {
                error = MqttBodyReader.TooLong;
                return false;
            }
        }
        if (!IsAllowed(code, sender))
        {
            error = MqttError.Malformed("MQTT-3.15.2-1", "The reason code is not one that this side may send in AUTH.");
            return false;
        }
        if (properties?.AuthenticationMethod is null)
        {
            error = MqttError.Protocol("MQTT-3.15.2.2.2", "An AUTH must have an Authentication Method.");
            return false;
        }
        packet = new AuthPacket { ReasonCode = code, Properties = properties };
        return true;
    }

    private static bool IsAllowed(ReasonCode code, MqttPeer sender) => code switch
    {
        ReasonCode.ContinueAuthentication => true,
        ReasonCode.Success => sender == MqttPeer.Server,
        ReasonCode.ReAuthenticate => sender == MqttPeer.Client,
        _ => false,
    };

    /// <summary>AUTH, 5.0 only.</summary>
    public static int Write(
        IBufferWriter<byte> output, ReasonCode reasonCode, MqttProperties properties, int maximumPacketSize = int.MaxValue) =>
        MqttEncoding.WriteReasoned(output, MqttPacketType.Auth, reasonCode, properties, maximumPacketSize);
}
