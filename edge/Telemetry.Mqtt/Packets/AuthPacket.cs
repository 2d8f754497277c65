using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Telemetry.Mqtt;

/// <summary>AUTH, MQTT 5.0 section 3.15: one step of an enhanced authentication.</summary>
public sealed class AuthPacket
{
    public ReasonCode ReasonCode { get; init; }

    /// <summary>Authentication Method; the same in all packets of an exchange. [MQTT-4.12.0-5]</summary>
    public required string Method { get; init; }

    /// <summary>Authentication Data; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Reads the body of a client's AUTH: Continue authentication or Re-authenticate. [MQTT-3.15.2-1]</summary>
    public static bool TryParse(ReadOnlySpan<byte> body, [NotNullWhen(true)] out AuthPacket? packet, out MqttError error)
    {
        packet = null;
        error = default;
        var reader = new MqttBodyReader(body);
        // Left out means 0x00 Success, which only a server may send.
        reader.TryReadByte(out var code);
        if ((ReasonCode)code is not (ReasonCode.ContinueAuthentication or ReasonCode.ReAuthenticate))
        {
            error = MqttError.Protocol("MQTT-3.15.2-1", "The reason code is not one that a client may send in AUTH.");
            return false;
        }
        MqttProperties? properties = null;
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
        if (properties?.AuthenticationMethod is not { } method)
        {
            error = MqttError.Protocol("MQTT-3.15.2.2.2", "AUTH needs an Authentication Method.");
            return false;
        }
        packet = new AuthPacket { ReasonCode = (ReasonCode)code, Method = method, Data = properties.AuthenticationData };
        return true;
    }

    /// <summary>AUTH. Returns its bytes; 0, and nothing written, when they are more than the client takes.</summary>
    public static int Write(IBufferWriter<byte> output, AuthPacket packet, int maximumPacketSize = int.MaxValue)
    {
        var properties = new MqttProperties
        {
            AuthenticationMethod = packet.Method,
            AuthenticationData = packet.Data.IsEmpty ? null : packet.Data.ToArray(),
        };
        var block = new PropertyBlock(MqttVersion.V500, properties, fixedSize: 1, maximumPacketSize);
        if (!MqttEncoding.TryReserve(
            output, MqttPacketType.Auth, 1 + block.EncodedSize, maximumPacketSize, out var writer, out var size))
        {
            return 0;
        }
        writer.WriteByte((byte)packet.ReasonCode);
        block.Write(ref writer);
        output.Advance(size);
        return size;
    }
}
