namespace Telemetry.Mqtt.Client;

/// <summary>Answers received publishes: PUBACK, or PUBREC and PUBCOMP. The client holds the lock.</summary>
internal sealed class InboundAcknowledger
{
    private readonly InboundExactlyOnce _exactlyOnce = new();

    /// <summary>True for a new publish of QoS 2; a copy of one that was acknowledged gets its PUBREC again.</summary>
    public bool TryBegin(ClientConnection connection, ushort packetIdentifier)
    {
        if (_exactlyOnce.TryBegin(packetIdentifier, out var sendPubRecAgain))
        {
            return true;
        }
        if (sendPubRecAgain)
        {
            PubAckPacket.Write(connection.Output, MqttPacketType.PubRec, packetIdentifier);
            connection.BeginFlush();
        }
        return false;
    }

    /// <summary>Writes PUBACK or PUBREC.</summary>
    public void Acknowledge(ClientConnection connection, MqttVersion version, in MqttDelivery delivery, ReasonCode reasonCode)
    {
        var type = MqttPacketType.PubAck;
        if (delivery.Qos == MqttQos.ExactlyOnce)
        {
            type = MqttPacketType.PubRec;
            // 3.1.1 has no way to refuse: its PUBREC always goes on to PUBREL.
            var refused = version == MqttVersion.V500 && reasonCode >= ReasonCode.UnspecifiedError;
            _exactlyOnce.Acknowledge(delivery.PacketIdentifier, refused);
        }
        PubAckPacket.Write(connection.Output, type, version, delivery.PacketIdentifier, reasonCode);
        connection.BeginFlush();
    }

    /// <summary>PUBREL came: writes PUBCOMP.</summary>
    public void Complete(ClientConnection connection, MqttVersion version, ushort packetIdentifier)
    {
        var known = _exactlyOnce.Complete(packetIdentifier);
        PubAckPacket.Write(
            connection.Output,
            MqttPacketType.PubComp,
            version,
            packetIdentifier,
            known ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound);
        connection.BeginFlush();
    }

    /// <summary>The connection ended.</summary>
    public void ForgetUnacknowledged() => _exactlyOnce.ForgetUnacknowledged();

    /// <summary>The session is gone.</summary>
    public void Clear() => _exactlyOnce.Clear();
}
