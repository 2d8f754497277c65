namespace Telemetry.Mqtt.Client;

/// <summary>
/// Identifiers of received QoS 2 publishes between PUBLISH and PUBREL: a second PUBLISH with one of them is a copy
/// [MQTT-4.3.3-10]. Belongs to the session, so it outlives a connection. The client holds the lock.
/// </summary>
internal sealed class InboundExactlyOnce
{
    private Dictionary<ushort, bool>? _acknowledged;

    /// <summary>Identifiers held.</summary>
    public int Count => _acknowledged?.Count ?? 0;

    /// <summary>True for a new publish. For a copy: whether its PUBREC was sent, and is to be sent again.</summary>
    public bool TryBegin(ushort packetIdentifier, out bool sendPubRecAgain)
    {
        _acknowledged ??= [];
        if (_acknowledged.TryAdd(packetIdentifier, false))
        {
            sendPubRecAgain = false;
            return true;
        }
        sendPubRecAgain = _acknowledged[packetIdentifier];
        return false;
    }

    /// <summary>PUBREC is being sent; one that refuses ends the exchange.</summary>
    public void Acknowledge(ushort packetIdentifier, bool refused)
    {
        if (refused)
        {
            _acknowledged?.Remove(packetIdentifier);
        }
        else if (_acknowledged?.ContainsKey(packetIdentifier) == true)
        {
            _acknowledged[packetIdentifier] = true;
        }
    }

    /// <summary>PUBREL came. False when the identifier is not known.</summary>
    public bool Complete(ushort packetIdentifier) => _acknowledged?.Remove(packetIdentifier) == true;

    /// <summary>Identifiers not acknowledged yet are new again: their owner lost them with the connection.</summary>
    public void ForgetUnacknowledged()
    {
        if (_acknowledged is null)
        {
            return;
        }
        foreach (var (identifier, acknowledged) in _acknowledged)
        {
            if (!acknowledged)
            {
                _acknowledged.Remove(identifier);
            }
        }
    }

    /// <summary>The session is gone.</summary>
    public void Clear() => _acknowledged = null;
}
