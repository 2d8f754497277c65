namespace Telemetry.Edge.Sockets;

/// <summary>
/// How many TLS handshakes compute at once: a storm of clients that come back waits in line here and not in front of everyone else's packets in the
/// thread pool. A turn is held while a step is computed, never while a client is waited for, so those that stall hold up nobody.
/// </summary>
internal sealed class HandshakeTurns(int atOnce) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(atOnce);
    private int _waiting;

    /// <summary>Handshakes that wait for a turn.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Half of the cores where the setting is 0: the others go on with packets.</summary>
    public static HandshakeTurns Of(EdgeOptions options) =>
        new(options.MaxHandshakesAtOnce > 0 ? options.MaxHandshakesAtOnce : Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>Begins to take part.</summary>
    public HandshakeTurn Begin() => new(this);

    public void Dispose() => _turns.Dispose();

    internal async ValueTask TakeAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await _turns.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    internal void GiveBack() => _turns.Release();
}

/// <summary>The turn of one handshake: taken with each answer of the client, given back when the next one is waited for. One caller at a time.</summary>
internal sealed class HandshakeTurn(HandshakeTurns turns)
{
    private bool _held;
    private bool _over;

    /// <summary>Something of the client is there: what it means is computed next.</summary>
    public async ValueTask TakeAsync(CancellationToken cancellationToken)
    {
        if (!_over && !_held)
        {
            await turns.TakeAsync(cancellationToken);
            _held = true;
        }
    }

    /// <summary>The client is waited for.</summary>
    public void GiveBack()
    {
        if (_held)
        {
            _held = false;
            turns.GiveBack();
        }
    }

    /// <summary>The handshake is over, for good or not.</summary>
    public void End()
    {
        _over = true;
        GiveBack();
    }
}
