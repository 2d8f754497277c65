using System.Diagnostics.CodeAnalysis;

namespace Telemetry.Edge.Security.Limits;

/// <summary>
/// The uses of all clients, or all addresses, or all listeners. Holds those that are connected and those whose buckets are not full again: whoever
/// rests is forgotten, so its size is bounded by the connections and the rate of connects.
/// </summary>
internal sealed class ScopeTable<TKey>(ScopeLimitOptions limits, double burstSeconds)
    where TKey : notnull
{
    private const int SweepFrom = 1_024;

    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, ScopeUse> _uses = [];
    private int _sweepAt = SweepFrom;

    public bool IsOn { get; } = limits.IsOn;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _uses.Count;
            }
        }
    }

    /// <summary>Takes a place for one more connection of the key.</summary>
    /// <param name="key">Who.</param>
    /// <param name="now">Now, in milliseconds.</param>
    /// <param name="use">To charge, and to leave in the end; null without limits.</param>
    /// <param name="kind">The limit that forbids it.</param>
    public bool TryEnter(TKey key, long now, out ScopeUse? use, [NotNullWhen(false)] out LimitKind? kind)
    {
        use = null;
        kind = null;
        if (!IsOn)
        {
            return true;
        }

        // Under the lock: nobody may forget it between finding and entering.
        lock (_gate)
        {
            if (!_uses.TryGetValue(key, out use))
            {
                Sweep(now);
                use = new ScopeUse(limits, burstSeconds, now);
                _uses.Add(key, use);
            }

            if (use.TryEnter(now) is not LimitKind.None and var limit)
            {
                kind = limit;
                use = null;
                return false;
            }
        }

        return true;
    }

    private void Sweep(long now)
    {
        if (_uses.Count < _sweepAt)
        {
            return;
        }

        foreach (var (key, _) in _uses.Where(pair => pair.Value.IsIdle(now)).ToList())
        {
            _uses.Remove(key);
        }

        // Twice what is left: sweeping costs each newcomer the same, however many there are.
        _sweepAt = Math.Max(SweepFrom, _uses.Count * 2);
    }
}
