using System.Net;

namespace Telemetry.Edge.Security.Limits;

/// <summary>The limits by client, address and listener.</summary>
internal sealed class ConnectionLimits(LimitOptions options, TimeProvider time)
{
    private readonly ScopeTable<string> _clients = new(options.Client, options.BurstSeconds);
    private readonly ScopeTable<IPAddress> _addresses = new(options.Address, options.BurstSeconds);
    private readonly ScopeTable<int> _listeners = new(options.Listener, options.BurstSeconds);
    private readonly long _origin = time.GetTimestamp();

    public bool IsOn => _clients.IsOn || _addresses.IsOn || _listeners.IsOn;

    /// <summary>Takes a place for a CONNECT.</summary>
    /// <param name="clientId">Its client identifier.</param>
    /// <param name="remote">Where it comes from.</param>
    /// <param name="local">Where it arrived.</param>
    /// <param name="lease">To charge, and to give back; null without limits.</param>
    /// <returns>Null, or the limit that forbids it.</returns>
    public (LimitScope Scope, LimitKind Kind)? TryEnter(string clientId, EndPoint? remote, EndPoint? local, out LimitLease? lease)
    {
        lease = null;
        if (!IsOn)
        {
            return null;
        }

        var now = Now();
        if (!_listeners.TryEnter((local as IPEndPoint)?.Port ?? 0, now, out var listener, out var kind))
        {
            return (LimitScope.Listener, kind.Value);
        }

        if (!_addresses.TryEnter(SourceAddress.Of(remote), now, out var address, out kind))
        {
            listener?.Leave();
            return (LimitScope.Address, kind.Value);
        }

        if (!_clients.TryEnter(clientId, now, out var client, out kind))
        {
            listener?.Leave();
            address?.Leave();
            return (LimitScope.Client, kind.Value);
        }

        lease = new LimitLease(this, client, address, listener);
        return null;
    }

    internal long Now() => (long)time.GetElapsedTime(_origin).TotalMilliseconds;
}

/// <summary>Whose limit it is.</summary>
internal enum LimitScope
{
    Client,
    Address,
    Listener,
}

/// <summary>One connection's places. Used by the connection alone, released once.</summary>
internal sealed class LimitLease(ConnectionLimits owner, ScopeUse? client, ScopeUse? address, ScopeUse? listener)
{
    /// <summary>Counts what was received.</summary>
    /// <param name="publishes">PUBLISH packets.</param>
    /// <param name="bytes">Bytes of all packets.</param>
    /// <param name="by">The limit to wait for.</param>
    /// <returns>How long to read nothing; zero for going on.</returns>
    public TimeSpan Charge(long publishes, long bytes, out (LimitScope Scope, LimitKind Kind) by)
    {
        var now = owner.Now();
        by = default;
        var longest = 0L;
        Take(client, LimitScope.Client, ref by);
        Take(address, LimitScope.Address, ref by);
        Take(listener, LimitScope.Listener, ref by);
        return TimeSpan.FromMilliseconds(longest);

        void Take(ScopeUse? use, LimitScope scope, ref (LimitScope Scope, LimitKind Kind) most)
        {
            if (use is null)
            {
                return;
            }

            var wait = use.Charge(publishes, bytes, now, out var kind);
            if (wait > longest)
            {
                longest = wait;
                most = (scope, kind);
            }
        }
    }

    public void Release()
    {
        client?.Leave();
        address?.Leave();
        listener?.Leave();
    }
}
