namespace Telemetry.Edge.Topics;

/// <summary>
/// What one topic name matched: sets and groups as found, then one <see cref="Recipient"/> for each session. Reused from
/// publish to publish by one thread at a time.
/// </summary>
internal sealed class TopicMatches
{
    /// <summary>Above this many subscriptions sessions are looked up by hash instead of one by one.</summary>
    private const int LinearSearchLimit = 8;

    [ThreadStatic]
    private static TopicMatches? _ofThread;

    private readonly Stack<(SubscriptionNode Node, int Offset)> _toVisit = new();
    private readonly List<SubscriberSet> _sets = [];
    private readonly List<SharedGroup> _groups = [];
    private readonly List<Recipient> _recipients = [];
    private readonly Dictionary<ISubscriber, int> _bySubscriber = [];

    /// <summary>The instance of this thread, empty. Not to be held over an await.</summary>
    public static TopicMatches OfThread
    {
        get
        {
            var matches = _ofThread ??= new TopicMatches();
            matches.Clear();
            return matches;
        }
    }

    /// <summary>True when a shared group matches.</summary>
    public bool HasGroups => _groups.Count > 0;

    public bool IsEmpty => _sets.Count == 0 && _groups.Count == 0;

    public void Push(SubscriptionNode node, int offset) => _toVisit.Push((node, offset));

    public bool TryPop(out SubscriptionNode node, out int offset)
    {
        if (_toVisit.TryPop(out var frame))
        {
            (node, offset) = frame;
            return true;
        }

        node = null!;
        offset = 0;
        return false;
    }

    public void Add(SubscriberSet set, SharedGroup[] groups)
    {
        if (set.Count > 0)
        {
            _sets.Add(set);
        }

        if (groups.Length > 0)
        {
            _groups.AddRange(groups);
        }
    }

    /// <summary>
    /// One copy a session at the highest QoS of its matching subscriptions, carrying all their identifiers [MQTT-3.3.4-2],
    /// and one more for each shared group it is chosen for.
    /// </summary>
    /// <param name="publisher">Left out of No Local subscriptions.</param>
    /// <param name="withGroups">False: shared groups are passed over.</param>
    public List<Recipient> Resolve(ISubscriber? publisher, bool withGroups = true)
    {
        var overlap = _sets.Count > 1;
        foreach (var set in _sets)
        {
            for (var i = 0; i < set.Count; i++)
            {
                var subscription = set[i];
                if (subscription.NoLocal && ReferenceEquals(subscription.Subscriber, publisher))
                {
                    continue;
                }

                if (overlap)
                {
                    Merge(subscription);
                }
                else
                {
                    _recipients.Add(Recipient.Of(subscription));
                }
            }
        }

        foreach (var group in _groups)
        {
            if (withGroups && group.Next() is { } chosen)
            {
                _recipients.Add(Recipient.Of(chosen) with { IsShared = true });
            }
        }

        return _recipients;
    }

    private void Merge(Subscription subscription)
    {
        var at = Find(subscription.Subscriber);
        if (at >= 0)
        {
            _recipients[at] = _recipients[at].And(subscription);
            return;
        }

        _recipients.Add(Recipient.Of(subscription));
        if (_bySubscriber.Count > 0)
        {
            _bySubscriber.Add(subscription.Subscriber, _recipients.Count - 1);
        }
    }

    private int Find(ISubscriber subscriber)
    {
        if (_recipients.Count <= LinearSearchLimit)
        {
            return _recipients.FindIndex(r => ReferenceEquals(r.Subscriber, subscriber));
        }

        if (_bySubscriber.Count == 0)
        {
            for (var i = 0; i < _recipients.Count; i++)
            {
                _bySubscriber.Add(_recipients[i].Subscriber, i);
            }
        }

        return _bySubscriber.TryGetValue(subscriber, out var at) ? at : -1;
    }

    private void Clear()
    {
        _toVisit.Clear();
        _sets.Clear();
        _groups.Clear();
        _recipients.Clear();
        _bySubscriber.Clear();
    }
}
