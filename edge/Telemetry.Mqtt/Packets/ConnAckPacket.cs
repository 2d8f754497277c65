using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>CONNACK, MQTT 5.0 section 3.2.</summary>
public sealed class ConnAckPacket
{
    public bool SessionPresent { get; init; }

    /// <summary>Return codes of 3.1.1 appear as the reason code that means the same.</summary>
    public ReasonCode ReasonCode { get; init; }

    /// <summary>Limits of the server; null when there are none, and in 3.1.1.</summary>
    public MqttProperties? Properties { get; init; }

    /// <summary>CONNACK. In 3.1.1 the reason code becomes the return code that is nearest to it.</summary>
    public static int Write(
        IBufferWriter<byte> output, MqttVersion version, ConnAckPacket packet, int maximumPacketSize = int.MaxValue)
    {
        var block = new PropertyBlock(version, packet.Properties, fixedSize: 2, maximumPacketSize);
        if (!MqttEncoding.TryReserve(
            output, MqttPacketType.ConnAck, 2 + block.EncodedSize, maximumPacketSize, out var writer, out var size))
        {
            return 0;
        }
        // Session Present must be 0 in a refusal [MQTT-3.2.2-6].
        writer.WriteByte((byte)(packet.SessionPresent && packet.ReasonCode == ReasonCode.Success ? 1 : 0));
        writer.WriteByte(version == MqttVersion.V311
            ? ConnectReturnCode.FromReasonCode(packet.ReasonCode)
            : (byte)packet.ReasonCode);
        block.Write(ref writer);
        output.Advance(size);
        return size;
    }
}

/// <summary>CONNACK return codes, MQTT 3.1.1 table 3.1.</summary>
internal static class ConnectReturnCode
{
    public static byte FromReasonCode(ReasonCode reasonCode) => reasonCode switch
    {
        ReasonCode.Success => 0,
        ReasonCode.UnsupportedProtocolVersion => 1,
        ReasonCode.ClientIdentifierNotValid => 2,
        ReasonCode.BadUserNameOrPassword or ReasonCode.BadAuthenticationMethod => 4,
        ReasonCode.NotAuthorized or ReasonCode.Banned => 5,
        _ => 3,
    };
}
