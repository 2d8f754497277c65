using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Telemetry.Mqtt;

/// <summary>DISCONNECT, MQTT 5.0 section 3.14.</summary>
public sealed class DisconnectPacket
{
    /// <summary>A DISCONNECT without reason code or properties.</summary>
    public static DisconnectPacket Normal { get; } = new();

    public ReasonCode ReasonCode { get; init; }

    public MqttProperties? Properties { get; init; }

    /// <summary>Reads the body of a client's DISCONNECT.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> body,
        MqttVersion version,
        [NotNullWhen(true)] out DisconnectPacket? packet,
        out MqttError error)
    {
        packet = null;
        error = default;
        if (body.IsEmpty)
        {
            packet = Normal;
            return true;
        }
        if (version == MqttVersion.V311)
        {
            error = MqttBodyReader.TooLong;
            return false;
        }
        var reader = new MqttBodyReader(body);
        reader.TryReadByte(out var code);
        if (!IsAllowed((ReasonCode)code))
        {
            error = MqttError.Malformed("MQTT-3.14.2-1", "The reason code is not one that a client may send in DISCONNECT.");
            return false;
        }
        MqttProperties? properties = null;
        if (!reader.IsEmpty && !MqttPacketParts.TryReadProperties(
            ref reader, version, MqttPropertyOwner.Disconnect, out properties, out error))
        {
            return false;
        }
        if (!reader.IsEmpty)
        {
            error = MqttBodyReader.TooLong;
            return false;
        }
        packet = new DisconnectPacket { ReasonCode = (ReasonCode)code, Properties = properties };
        return true;
    }

    private static bool IsAllowed(ReasonCode code) => code is ReasonCode.Success or ReasonCode.DisconnectWithWillMessage
        or ReasonCode.UnspecifiedError or ReasonCode.MalformedPacket or ReasonCode.ProtocolError
        or ReasonCode.ImplementationSpecificError or ReasonCode.TopicNameInvalid or ReasonCode.ReceiveMaximumExceeded
        or ReasonCode.TopicAliasInvalid or ReasonCode.PacketTooLarge or ReasonCode.MessageRateTooHigh
        or ReasonCode.QuotaExceeded or ReasonCode.AdministrativeAction or ReasonCode.PayloadFormatInvalid
        or ReasonCode.BadAuthenticationMethod;

    /// <summary>DISCONNECT. In 3.1.1 without reason code and properties (and only a client may send it).</summary>
    public static int Write(
        IBufferWriter<byte> output,
        MqttVersion version,
        ReasonCode reasonCode,
        MqttProperties? properties = null,
        int maximumPacketSize = int.MaxValue)
    {
        if (version == MqttVersion.V311 || (reasonCode == ReasonCode.Success && properties is null))
        {
            return MqttEncoding.WriteEmpty(output, MqttPacketType.Disconnect);
        }
        var block = new PropertyBlock(version, properties, fixedSize: 1, maximumPacketSize);
        var withProperties = block.Size > 0;
        if (!MqttEncoding.TryReserve(
            output, MqttPacketType.Disconnect, 1 + (withProperties ? block.EncodedSize : 0), maximumPacketSize, out var writer, out var size))
        {
            return 0;
        }
        writer.WriteByte((byte)reasonCode);
        if (withProperties)
        {
            block.Write(ref writer);
        }
        output.Advance(size);
        return size;
    }
}
