using System.Net;
using Telemetry.Edge.Diagnostics;

namespace Telemetry.Edge.Sockets;

/// <summary>What one kind of listener may take of a <see cref="SocketBudget"/>.</summary>
public sealed class SocketShare
{
    private readonly SocketBudget _budget;
    private readonly LogThrottle _refusals;
    private readonly LogThrottle _failures;
    private int _open;
    private long _refused;

    internal SocketShare(SocketBudget budget, string listener, int most)
    {
        _budget = budget;
        Listener = listener;
        Most = most;
        _refusals = new LogThrottle(budget.Time);
        _failures = new LogThrottle(budget.Time);
    }

    /// <summary>Label of the metrics.</summary>
    public string Listener { get; }

    /// <summary>Most sockets at once.</summary>
    public int Most { get; }

    /// <summary>Sockets held now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Sockets closed at once.</summary>
    public long Refused => Volatile.Read(ref _refused);

    internal TimeProvider Time => _budget.Time;

    /// <summary>Takes one; false, counted and told, when there is none left.</summary>
    /// <param name="endpoint">Where the client came in, for the log.</param>
    internal bool TryTake(EndPoint? endpoint)
    {
        if (Interlocked.Increment(ref _open) <= Most)
        {
            if (_budget.TryTake())
            {
                return true;
            }
        }

        Interlocked.Decrement(ref _open);
        Interlocked.Increment(ref _refused);
        if (_refusals.TryPass(out var heldBack))
        {
            _budget.Logger.SocketRefused(endpoint, Open, Most, _budget.Open, _budget.Limit, heldBack);
        }

        return false;
    }

    /// <summary>The socket is closed.</summary>
    internal void Return()
    {
        Interlocked.Decrement(ref _open);
        _budget.Return();
    }

    /// <summary>The kernel gave no socket.</summary>
    internal void AcceptFailed(Exception exception, EndPoint endpoint, TimeSpan delay)
    {
        if (_failures.TryPass(out var heldBack))
        {
            _budget.Logger.AcceptFailed(exception, endpoint, delay, heldBack);
        }
    }
}
