namespace Telemetry.Edge.Topics;

/// <summary>One copy of a message to make: for whom, how, and with which Subscription Identifiers.</summary>
/// <param name="Subscriber">Who gets it.</param>
/// <param name="Qos">At most this QoS.</param>
/// <param name="RetainAsPublished">Keep the RETAIN flag of a live message.</param>
/// <param name="Identifier">First Subscription Identifier, 0 for none.</param>
/// <param name="MoreIdentifiers">Further ones, from overlapping subscriptions.</param>
/// <param name="IsShared">Chosen from a shared group.</param>
internal readonly record struct Recipient(
    ISubscriber Subscriber,
    byte Qos,
    bool RetainAsPublished,
    uint Identifier,
    uint[]? MoreIdentifiers,
    bool IsShared = false)
{
    public static Recipient Of(Subscription subscription) =>
        new(subscription.Subscriber, subscription.Qos, subscription.RetainAsPublished, subscription.Identifier, null);

    public Recipient And(Subscription other) => this with
    {
        Qos = Math.Max(Qos, other.Qos),
        RetainAsPublished = RetainAsPublished || other.RetainAsPublished,
        Identifier = Identifier == 0 ? other.Identifier : Identifier,
        MoreIdentifiers = Identifier == 0 || other.Identifier == 0
            ? MoreIdentifiers
            : [.. MoreIdentifiers ?? [], other.Identifier],
    };
}
