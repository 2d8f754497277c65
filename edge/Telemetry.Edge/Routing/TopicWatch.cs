namespace Telemetry.Edge.Routing;

/// <summary>
/// Whether anyone subscribes to the ingest topic that a connection publishes to. Most connections publish to one, and hardly anyone
/// subscribes: while subscriptions do not change, the answer is a comparison of numbers and of the topic. Only the reader uses it.
/// </summary>
internal sealed class TopicWatch
{
    private byte[] _topic = [];
    private int _length;
    private int _version;
    private bool _watched;

    public bool IsWatched(MessageRouter router, ReadOnlySpan<byte> topic)
    {
        // Read first: a subscription that comes in between is found by the next publish, as one that comes a moment later would be.
        var version = router.SubscriptionsVersion;
        if (version == _version && topic.SequenceEqual(_topic.AsSpan(0, _length)))
        {
            return _watched;
        }

        _watched = router.HasSubscribers(topic);
        if (_topic.Length < topic.Length)
        {
            _topic = new byte[topic.Length];
        }

        topic.CopyTo(_topic);
        (_length, _version) = (topic.Length, version);
        return _watched;
    }
}
