namespace Telemetry.Edge.Security.Limits;

/// <summary>
/// So many a second, with a burst. May go below zero: what has happened is paid for later, by waiting. Not thread-safe: its owner guards it.
/// </summary>
/// <param name="perSecond">Tokens that come back each second.</param>
/// <param name="burst">Most tokens kept.</param>
/// <param name="now">Milliseconds on the owner's clock.</param>
internal struct TokenBucket(double perSecond, double burst, long now)
{
    private readonly double _burst = burst;
    private double _tokens = burst;
    private long _at = now;

    /// <summary>True when nothing is owed and nothing was used lately: forgetting it changes nothing.</summary>
    public bool IsFull(long now)
    {
        Refill(now);
        return _tokens >= _burst;
    }

    /// <summary>Takes one token when there is one.</summary>
    public bool TryTake(long now)
    {
        Refill(now);
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }

    /// <summary>True when a token could be taken.</summary>
    public bool Has(long now)
    {
        Refill(now);
        return _tokens >= 1;
    }

    /// <summary>Takes tokens that are used already.</summary>
    /// <returns>Milliseconds until the bucket is out of debt; 0 when it is not in debt.</returns>
    public long Charge(double tokens, long now)
    {
        Refill(now);
        _tokens -= tokens;
        return _tokens >= 0 ? 0 : (long)Math.Ceiling(-_tokens * 1000 / perSecond);
    }

    private void Refill(long now)
    {
        if (now > _at)
        {
            _tokens = Math.Min(_burst, _tokens + ((now - _at) * perSecond / 1000));
            _at = now;
        }
    }
}
