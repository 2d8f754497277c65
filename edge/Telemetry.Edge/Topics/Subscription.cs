namespace Telemetry.Edge.Topics;

/// <summary>One session's subscription to one filter, as SUBSCRIBE asked for it. Immutable: subscribing again replaces it.</summary>
/// <param name="Subscriber">Who gets the messages.</param>
/// <param name="Filter">The filter as sent, with <c>$share/group/</c> where it is shared.</param>
/// <param name="Qos">Granted QoS, the most a message is delivered at.</param>
/// <param name="NoLocal">Own publishes are left out. [MQTT-3.8.3-3]</param>
/// <param name="RetainAsPublished">The RETAIN flag of live messages is kept. [MQTT-3.3.1-13]</param>
/// <param name="Identifier">Subscription Identifier, 0 for none.</param>
internal sealed record Subscription(
    ISubscriber Subscriber,
    byte[] Filter,
    byte Qos,
    bool NoLocal,
    bool RetainAsPublished,
    uint Identifier);
