using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Telemetry.Mqtt;

/// <summary>UNSUBSCRIBE, MQTT 5.0 section 3.10.</summary>
public sealed class UnsubscribePacket
{
    /// <summary>1 to 65,535.</summary>
    public ushort PacketIdentifier { get; init; }

    /// <summary>At least one, as sent, compared character by character [MQTT-3.10.4-1]; perhaps not valid filters.</summary>
    public required IReadOnlyList<string> Filters { get; init; }

    public MqttProperties? Properties { get; init; }

    /// <summary>Reads the body of an UNSUBSCRIBE.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> body, MqttVersion version, [NotNullWhen(true)] out UnsubscribePacket? packet, out MqttError error)
    {
        packet = null;
        var reader = new MqttBodyReader(body);
        if (!MqttPacketParts.TryReadIdentified(
            ref reader, version, MqttPropertyOwner.Unsubscribe, out var identifier, out var properties, out error))
        {
            return false;
        }
        if (reader.IsEmpty)
        {
            error = MqttError.Protocol("MQTT-3.10.3-2", "An UNSUBSCRIBE must have at least one Topic Filter.");
            return false;
        }
        var filters = new List<string>();
        while (!reader.IsEmpty)
        {
            if (!reader.TryReadString("MQTT-3.10.3-1", out var text, out error))
            {
                return false;
            }
            filters.Add(Encoding.UTF8.GetString(text));
        }
        packet = new UnsubscribePacket { PacketIdentifier = identifier, Filters = filters, Properties = properties };
        return true;
    }
}
