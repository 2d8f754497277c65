using Telemetry.Edge.Messages;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Topics;

/// <summary>
/// The retained messages owed to one new subscription: those that were there when it was made. What was retained later came to
/// the subscription as a live message. Not thread-safe: the session's lock guards it.
/// </summary>
internal sealed class RetainedFeed
{
    private readonly RetainedMessages _store;
    private readonly RetainedCursor _cursor;
    private readonly long _upTo;
    private HashSet<Message>? _ahead;
    private Message? _putBack;

    /// <summary>Begins. The subscription is in the tree already, so that nothing falls between the two.</summary>
    public RetainedFeed(RetainedMessages store, Subscription subscription)
    {
        _store = store;
        Subscription = subscription;
        _cursor = new RetainedCursor(store, subscription.Filter);
        _upTo = store.Sequence;
    }

    public Subscription Subscription { get; }

    public bool IsDone => _cursor.IsDone && _putBack is null;

    /// <summary>The next message owed.</summary>
    /// <param name="nodes">Nodes that may still be visited; counted down.</param>
    /// <param name="now">Clock of the broker.</param>
    /// <returns>Null when there is none, or not within so many nodes.</returns>
    public Message? Take(ref int nodes, long now)
    {
        if (_putBack is { } waiting)
        {
            _putBack = null;
            return waiting;
        }

        var before = nodes;
        Message? found = null;
        while (found is null && nodes > 0 && _cursor.MoveNext())
        {
            nodes--;
            found = _cursor.Current is { } message && Owes(message, now) && _ahead?.Contains(message) != true ? message : null;
        }

        _store.CountVisits(before - nodes);
        return found;
    }

    /// <summary>There is no room for the message just taken: it is the next again.</summary>
    public void PutBack(Message message) => _putBack = message;

    /// <summary>The message owed for a topic of which a live message is about to be queued: it has to go first.</summary>
    public Message? Ahead(ReadOnlySpan<byte> topic, long now)
    {
        if (_putBack is { } waiting && waiting.Topic.SequenceEqual(topic))
        {
            return waiting;
        }

        return _store.Get(topic, now) is { } message && Owes(message, now) && _ahead?.Contains(message) != true
            && TopicFilter.Matches(Subscription.Filter, topic) && !_cursor.HasPassed(topic) ? message : null;
    }

    /// <summary>The message of <see cref="Ahead"/> is queued; the walk leaves it out.</summary>
    public void WentAhead(Message message)
    {
        if (ReferenceEquals(message, _putBack))
        {
            _putBack = null;
            return;
        }

        (_ahead ??= []).Add(message);
    }

    private bool Owes(Message message, long now) => message.RetainedSequence <= _upTo && !message.IsExpired(now);
}
