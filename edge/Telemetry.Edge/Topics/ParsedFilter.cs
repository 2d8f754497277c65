namespace Telemetry.Edge.Topics;

/// <summary>A valid filter taken apart: share name, levels without the closing <c>#</c>, and whether that was there.</summary>
internal readonly ref struct ParsedFilter
{
    private readonly bool _isRoot;

    private ParsedFilter(ReadOnlySpan<byte> share, ReadOnlySpan<byte> topicFilter)
    {
        Share = share;
        TopicFilter = topicFilter;
        Multi = topicFilter is [.., (byte)'#'];
        _isRoot = topicFilter is [(byte)'#'];
    }

    /// <summary>The name between <c>$share/</c> and the filter; empty for an ordinary subscription.</summary>
    public ReadOnlySpan<byte> Share { get; }

    public bool IsShared => !Share.IsEmpty;

    /// <summary>The filter without <c>$share/name/</c>.</summary>
    public ReadOnlySpan<byte> TopicFilter { get; }

    /// <summary>Ends with <c>#</c>.</summary>
    public bool Multi { get; }

    /// <summary>The levels before a closing <c>#</c>; none for <c>#</c> itself.</summary>
    public TopicLevels Levels => _isRoot ? default : new TopicLevels(Multi ? TopicFilter[..^2] : TopicFilter);

    private static ReadOnlySpan<byte> SharePrefix => "$share/"u8;

    public static ParsedFilter Of(ReadOnlySpan<byte> filter)
    {
        if (!filter.StartsWith(SharePrefix))
        {
            return new ParsedFilter([], filter);
        }

        var rest = filter[SharePrefix.Length..];
        var slash = rest.IndexOf((byte)'/');
        return new ParsedFilter(rest[..slash], rest[(slash + 1)..]);
    }
}
