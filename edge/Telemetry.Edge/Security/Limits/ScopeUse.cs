namespace Telemetry.Edge.Security.Limits;

/// <summary>What one client, address or listener has used. Its own lock guards it.</summary>
internal sealed class ScopeUse(ScopeLimitOptions limits, double burstSeconds, long now)
{
    private readonly Lock _gate = new();
    private int _connections;
    private TokenBucket _connects = Bucket(limits.ConnectsPerSecond, burstSeconds, now);
    private TokenBucket _publishes = Bucket(limits.PublishesPerSecond, burstSeconds, now);
    private TokenBucket _bytes = Bucket(limits.BytesPerSecond, burstSeconds, now);

    /// <summary>Takes a place for one more connection.</summary>
    /// <returns>None, or the limit that forbids it.</returns>
    public LimitKind TryEnter(long at)
    {
        lock (_gate)
        {
            if (limits.Connections > 0 && _connections >= limits.Connections)
            {
                return LimitKind.Connections;
            }

            if (limits.ConnectsPerSecond > 0 && !_connects.TryTake(at))
            {
                return LimitKind.Connects;
            }

            _connections++;
            return LimitKind.None;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            _connections--;
        }
    }

    /// <summary>Counts what was received.</summary>
    /// <param name="publishes">PUBLISH packets.</param>
    /// <param name="bytes">Bytes of all packets.</param>
    /// <param name="at">Now.</param>
    /// <param name="kind">The limit that is exceeded the most; None when none is.</param>
    /// <returns>Milliseconds to read nothing.</returns>
    public long Charge(long publishes, long bytes, long at, out LimitKind kind)
    {
        lock (_gate)
        {
            var forPublishes = limits.PublishesPerSecond > 0 ? _publishes.Charge(publishes, at) : 0;
            var forBytes = limits.BytesPerSecond > 0 ? _bytes.Charge(bytes, at) : 0;
            kind = forPublishes == 0 && forBytes == 0 ? LimitKind.None : forPublishes >= forBytes ? LimitKind.Publishes : LimitKind.Bytes;
            return Math.Max(forPublishes, forBytes);
        }
    }

    /// <summary>True when forgetting it would change nothing.</summary>
    public bool IsIdle(long at)
    {
        lock (_gate)
        {
            return _connections == 0 && _connects.IsFull(at) && _publishes.IsFull(at) && _bytes.IsFull(at);
        }
    }

    private static TokenBucket Bucket(double perSecond, double seconds, long now) => new(perSecond, Math.Max(1, perSecond * seconds), now);
}

/// <summary>A kind of limit.</summary>
internal enum LimitKind
{
    None,
    Connections,
    Connects,
    Publishes,
    Bytes,
}
