namespace Telemetry.Bridge.Sparkplug.Host;

/// <summary>An edge node to be asked for its births.</summary>
internal readonly record struct EdgeNodeName(int Partition, string Group, string Edge);

/// <summary>
/// Which edge nodes to ask for their births, and when: one request of a node at a time, again after a pause that doubles while it keeps
/// wanting, and no more than a rate over all nodes. A node whose births do not help is asked no more often than one that does not answer.
/// No clock: time is passed in. Kept in memory only, because asking once more does no harm.
/// </summary>
internal sealed class RebirthRequests(SparkplugOptions options)
{
    /// <summary>Most nodes remembered at once; one more is asked when there is room again and it still speaks.</summary>
    public const int NodesMax = 50_000;

    private readonly long _pauseMs = (long)options.RebirthPause.TotalMilliseconds;
    private readonly long _pauseMaxMs = (long)options.RebirthPauseMax.TotalMilliseconds;
    private readonly Dictionary<EdgeNodeName, Request> _requests = [];
    private double _allowed = options.RebirthsPerSecondMax;
    private long _allowedAtMs;

    /// <summary>Nodes that wait to be asked or to answer.</summary>
    public int Wanted => _requests.Values.Count(static request => request.IsWanted);

    /// <summary>Births of the node are wanted; to be said again as long as it speaks.</summary>
    public void Want(in EdgeNodeName node, long nowMs)
    {
        if (!_requests.TryGetValue(node, out var request))
        {
            if (_requests.Count >= NodesMax)
            {
                return;
            }

            _requests.Add(node, request = new Request { DueMs = nowMs });
        }
        else if (!request.IsWanted && nowMs - request.AskedMs > _pauseMaxMs)
        {
            (request.Asked, request.DueMs) = (0, nowMs);
        }

        request.IsWanted = true;
        request.WantedMs = nowMs;
    }

    /// <summary>The node was born, or died: nothing to ask. The pause before the next request goes on.</summary>
    public void Settle(in EdgeNodeName node, long nowMs)
    {
        if (!_requests.TryGetValue(node, out var request))
        {
            return;
        }

        request.IsWanted = false;
        if (request.Asked == 0 || nowMs - request.AskedMs > _pauseMaxMs)
        {
            _requests.Remove(node);
        }
    }

    /// <summary>
    /// Forgets what no longer matters: nodes of partitions that others have, settled ones whose pause is over, and those that have not spoken
    /// for so long that they are not there.
    /// </summary>
    public void Prune(Func<int, bool> isOurs, long nowMs)
    {
        foreach (var (node, request) in _requests)
        {
            if (!isOurs(node.Partition) || nowMs - (request.IsWanted ? request.WantedMs + _pauseMaxMs : request.AskedMs) > _pauseMaxMs)
            {
                _requests.Remove(node);
            }
        }
    }

    /// <summary>The next node to ask now; it counts as asked.</summary>
    public bool TryTake(long nowMs, out EdgeNodeName node)
    {
        node = default;
        _allowed = Math.Min(options.RebirthsPerSecondMax, _allowed + (Math.Max(0, nowMs - _allowedAtMs) * options.RebirthsPerSecondMax / 1000.0));
        _allowedAtMs = nowMs;
        if (_allowed < 1)
        {
            return false;
        }

        foreach (var (candidate, request) in _requests)
        {
            if (request.IsWanted && request.DueMs <= nowMs)
            {
                _allowed--;
                request.AskedMs = nowMs;
                request.DueMs = nowMs + Math.Min(_pauseMaxMs, _pauseMs << Math.Min(request.Asked, 20));
                request.Asked++;
                node = candidate;
                return true;
            }
        }

        return false;
    }

    private sealed class Request
    {
        public bool IsWanted { get; set; }

        public long WantedMs { get; set; }

        public int Asked { get; set; }

        public long AskedMs { get; set; }

        public long DueMs { get; set; }
    }
}
