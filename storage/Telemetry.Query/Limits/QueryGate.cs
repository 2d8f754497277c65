using Telemetry.Query.Problems;

namespace Telemetry.Query.Limits;

/// <summary>Lets a bounded number of queries run, a bounded number wait for a bounded time, and turns the rest away.</summary>
internal sealed class QueryGate : IDisposable
{
    private readonly SemaphoreSlim _places;
    private readonly int _waitersMax;
    private readonly TimeSpan _wait;
    private readonly TimeProvider _time;
    private int _waiters;

    public QueryGate(int places, int waitersMax, TimeSpan wait, TimeProvider time)
    {
        _places = new SemaphoreSlim(places, places);
        _waitersMax = waitersMax;
        _wait = wait;
        _time = time;
    }

    /// <summary>Takes a place; dispose what is returned to give it back.</summary>
    /// <exception cref="ApiProblem">503: all places are taken and so are the waiting ones, or the wait was too long.</exception>
    public async ValueTask<Place> EnterAsync(CancellationToken cancellationToken)
    {
        if (_places.Wait(0, CancellationToken.None))
        {
            return new Place(_places);
        }

        if (Interlocked.Increment(ref _waiters) > _waitersMax)
        {
            Interlocked.Decrement(ref _waiters);
            throw Busy();
        }

        using var timeout = new CancellationTokenSource(_wait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await _places.WaitAsync(either.Token);
            return new Place(_places);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Busy();
        }
        finally
        {
            Interlocked.Decrement(ref _waiters);
        }
    }

    public void Dispose() => _places.Dispose();

    private static ApiProblem Busy() => new(
        503, "busy", "Too many queries at once", "All places for queries are taken. Try again in a moment.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    /// <summary>A place taken.</summary>
    public readonly struct Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
