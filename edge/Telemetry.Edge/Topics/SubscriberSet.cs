namespace Telemetry.Edge.Topics;

/// <summary>
/// The subscriptions at one place of the tree: an immutable spine of immutable segments. A change copies one segment and the
/// spine, not all of 10,000 subscribers, and a reader that took the set keeps a consistent one.
/// </summary>
internal sealed class SubscriberSet
{
    public const int SegmentSize = 128;

    public static readonly SubscriberSet Empty = new([], 0);

    private readonly Subscription[][] _segments;

    private SubscriberSet(Subscription[][] segments, int count)
    {
        _segments = segments;
        Count = count;
    }

    public int Count { get; }

    public Subscription this[int index] => _segments[index / SegmentSize][index % SegmentSize];

    /// <summary>The set with this subscription in place of any other of the same session.</summary>
    public SubscriberSet With(Subscription subscription, out bool replaced)
    {
        var at = IndexOf(subscription.Subscriber);
        replaced = at >= 0;
        if (replaced)
        {
            return new SubscriberSet(Replace(at, subscription), Count);
        }

        if (Count % SegmentSize == 0)
        {
            return new SubscriberSet([.. _segments, [subscription]], Count + 1);
        }

        var segments = (Subscription[][])_segments.Clone();
        segments[^1] = [.. segments[^1], subscription];
        return new SubscriberSet(segments, Count + 1);
    }

    /// <summary>The set without the subscriber; itself when it is not in it.</summary>
    public SubscriberSet Without(ISubscriber subscriber)
    {
        var at = IndexOf(subscriber);
        if (at < 0)
        {
            return this;
        }

        var last = Count - 1;
        if (last == 0)
        {
            return Empty;
        }

        var segments = at == last ? (Subscription[][])_segments.Clone() : Replace(at, this[last]);
        segments[^1] = segments[^1][..^1];
        return new SubscriberSet(segments[^1].Length == 0 ? segments[..^1] : segments, last);
    }

    private Subscription[][] Replace(int at, Subscription subscription)
    {
        var segments = (Subscription[][])_segments.Clone();
        var segment = (Subscription[])segments[at / SegmentSize].Clone();
        segment[at % SegmentSize] = subscription;
        segments[at / SegmentSize] = segment;
        return segments;
    }

    private int IndexOf(ISubscriber subscriber)
    {
        for (var i = 0; i < _segments.Length; i++)
        {
            var segment = _segments[i];
            for (var j = 0; j < segment.Length; j++)
            {
                if (ReferenceEquals(segment[j].Subscriber, subscriber))
                {
                    return (i * SegmentSize) + j;
                }
            }
        }

        return -1;
    }
}
