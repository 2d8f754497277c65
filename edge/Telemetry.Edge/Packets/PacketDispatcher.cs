using Telemetry.Edge.Connections;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Packets;

/// <summary>From a frame to the handler of its packet type.</summary>
internal sealed class PacketDispatcher : IPacketHandler
{
    private readonly BrokerCore _core;
    private readonly PublishHandler _publish;
    private readonly AckHandler _ack;
    private readonly SubscribeHandler _subscribe;
    private readonly ConnectHandler _connect;
    private readonly AuthHandler _auth;

    public PacketDispatcher(BrokerCore core, SubscriptionTree tree)
    {
        _core = core;
        _publish = new PublishHandler(core);
        _ack = new AckHandler(core);
        _subscribe = new SubscribeHandler(core, tree);
        _connect = new ConnectHandler(core);
        _auth = new AuthHandler(core, _connect);
    }

    /// <inheritdoc/>
    public async ValueTask ConnectAsync(MqttConnection connection, ConnectPacket connect, CancellationToken cancellationToken) =>
        await _connect.HandleAsync(connection, connect, _auth, cancellationToken);

    /// <inheritdoc/>
    public void Refuse(MqttConnection connection, MqttVersion version, ReasonCode code, string message) =>
        _connect.Refuse(connection, version, code, message);

    /// <inheritdoc/>
    public ReadStep Handle(MqttConnection connection, in MqttFrame frame)
    {
        using var body = frame.GetBody();
        switch (frame.Type)
        {
            case MqttPacketType.Publish:
                return _publish.Handle(connection, frame.Flags, body.Span);
            case MqttPacketType.PubAck or MqttPacketType.PubRec or MqttPacketType.PubRel or MqttPacketType.PubComp:
                return _ack.Handle(connection, frame.Type, body.Span);
            case MqttPacketType.Subscribe:
                return _subscribe.Subscribe(connection, body.Span);
            case MqttPacketType.Unsubscribe:
                return _subscribe.Unsubscribe(connection, body.Span);
            case MqttPacketType.PingReq:
                return Ping(connection, body.Span);
            case MqttPacketType.Disconnect:
                return Disconnect(connection, body.Span);
            case MqttPacketType.Connect:
                return connection.Fail(MqttError.Protocol("MQTT-3.1.0-2", "A client must send CONNECT only once."));
            case MqttPacketType.Auth when connection.Client?.Version == MqttVersion.V311:
                return connection.Fail(MqttError.Malformed("MQTT-2.2.1", "Packet type 15 is reserved in MQTT 3.1.1."));
            case MqttPacketType.Auth:
                return _auth.Handle(connection, body.Span);
            default:
                return connection.Fail(MqttError.Protocol("MQTT-4.13.1-1", "Only a server may send this packet type."));
        }
    }

    private static ReadStep Ping(MqttConnection connection, ReadOnlySpan<byte> body)
    {
        if (!PingPacket.TryParse(body, out var error))
        {
            return connection.Fail(error);
        }

        connection.Pump.Write(0, static (output, _) => PingPacket.Write(output));
        return ReadStep.Next;
    }

    private ReadStep Disconnect(MqttConnection connection, ReadOnlySpan<byte> body)
    {
        if (connection.Client is not { } client)
        {
            // In the middle of an authentication: nothing was accepted, so nothing is kept or published.
            connection.RequestClose(CloseReason.ClientDisconnected);
            return ReadStep.Close;
        }

        if (!DisconnectPacket.TryParse(body, client.Version, out var packet, out var error))
        {
            return connection.Fail(error);
        }

        if (packet.Properties?.SessionExpiryInterval is { } seconds)
        {
            if (client.SessionEndsWithConnection && seconds > 0)
            {
                return connection.Fail(MqttError.Protocol(
                    "MQTT-3.14.2.2.2", "A Session Expiry Interval of 0 in CONNECT cannot be raised in DISCONNECT."));
            }

            var asked = TimeSpan.FromSeconds(seconds);
            connection.ExpiryAtDisconnect = asked > _core.Options.SessionExpiryMax ? _core.Options.SessionExpiryMax : asked;
        }

        connection.RequestClose(packet.ReasonCode == ReasonCode.Success
            ? CloseReason.ClientDisconnected
            : CloseReason.ClientDisconnectedWithWill);
        return ReadStep.Close;
    }
}
