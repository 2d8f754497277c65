using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Topics;

/// <summary>
/// A walk over the retained messages that match a filter. It holds no lock and can be left for as long as one likes: a message
/// that was there at its start and stays is met exactly once, whatever comes and goes meanwhile. One thread at a time.
/// </summary>
internal sealed class RetainedCursor
{
    private readonly List<RetainedNode> _path = [];
    private readonly byte[][] _levels;
    private readonly bool _multi;
    private readonly bool _withDollar;
    private bool _down = true;

    /// <param name="store">What to walk over.</param>
    /// <param name="filter">A valid filter without a share.</param>
    /// <param name="withDollar">True: wildcards on the first level match $-topics too, which no subscription does. [MQTT-4.7.2-1]</param>
    public RetainedCursor(RetainedMessages store, ReadOnlySpan<byte> filter, bool withDollar = false)
    {
        var parsed = ParsedFilter.Of(filter);
        var levels = new List<byte[]>();
        foreach (var level in parsed.Levels)
        {
            levels.Add(level.ToArray());
        }

        _levels = [.. levels];
        _multi = parsed.Multi;
        _withDollar = withDollar;
        _path.Add(store.Root);
    }

    /// <summary>The message of the node reached when that matches the filter; else null.</summary>
    public Message? Current { get; private set; }

    public bool IsDone => _path.Count == 0;

    /// <summary>Visits one node of the tree: <see cref="Current"/> may be null after it.</summary>
    /// <returns>False at the end.</returns>
    public bool MoveNext()
    {
        Current = null;
        while (_path.Count > 0)
        {
            var top = _path[^1];
            var next = _down ? Child(top, _path.Count - 1, null) : null;
            if (next is null)
            {
                _path.RemoveAt(_path.Count - 1);
                next = _path.Count > 0 && IsWildcard(_path.Count - 1) ? Child(_path[^1], _path.Count - 1, top) : null;
            }

            _down = next is not null;
            if (next is not null)
            {
                _path.Add(next);
                var depth = _path.Count - 1;
                Current = depth == _levels.Length || (_multi && depth > _levels.Length) ? next.Message : null;
                return true;
            }
        }

        return false;
    }

    /// <summary>True when the walk has passed the place of this topic, which must match the filter.</summary>
    public bool HasPassed(ReadOnlySpan<byte> topic)
    {
        if (IsDone)
        {
            return true;
        }

        var depth = 1;
        foreach (var level in new TopicLevels(topic))
        {
            if (depth >= _path.Count)
            {
                // Below where the walk stands: passed only if it has been down there and come up again.
                return !_down;
            }

            var at = _path[depth++];
            var order = LevelTable<RetainedNode>.Compare(level, LevelTable<RetainedNode>.OrderOf(level), at.Level, at.Order);
            if (order != 0)
            {
                return order < 0;
            }
        }

        return true;
    }

    private bool IsWildcard(int depth) => depth >= _levels.Length ? _multi : _levels[depth] is [(byte)'+'];

    private RetainedNode? Child(RetainedNode node, int depth, RetainedNode? after)
    {
        if (node.Children is not { } children || (depth >= _levels.Length && !_multi))
        {
            return null;
        }

        if (!IsWildcard(depth))
        {
            return children.Find(_levels[depth]);
        }

        var next = children.Next(after?.Level, after?.Order ?? 0);
        while (next is { Level: [(byte)'$', ..] } && depth == 0 && !_withDollar)
        {
            next = children.Next(next.Level, next.Order);
        }

        return next;
    }
}
