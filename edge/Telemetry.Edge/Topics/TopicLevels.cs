namespace Telemetry.Edge.Topics;

/// <summary>Walks the levels of a topic name or filter, empty ones too: <c>/x</c> has two. The default value has none.</summary>
internal ref struct TopicLevels(ReadOnlySpan<byte> topic)
{
    private ReadOnlySpan<byte> _rest = topic;
    private bool _more = true;

    public ReadOnlySpan<byte> Current { get; private set; }

    public static int Count(ReadOnlySpan<byte> topic) => topic.Count((byte)'/') + 1;

    public readonly TopicLevels GetEnumerator() => this;

    public bool MoveNext()
    {
        if (!_more)
        {
            return false;
        }

        var slash = _rest.IndexOf((byte)'/');
        _more = slash >= 0;
        Current = _more ? _rest[..slash] : _rest;
        _rest = _more ? _rest[(slash + 1)..] : [];
        return true;
    }
}
