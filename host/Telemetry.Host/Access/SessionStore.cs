using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Telemetry.Host.Access;

/// <summary>
/// The sessions of this process. The cookie is a key of 256 random bits and nothing else, so that signing out really ends what a stolen copy of it could do, and
/// a restart does too. Bounded: the session that was unused for longest makes room.
/// </summary>
/// <param name="sessionsMax">Sessions at once.</param>
/// <param name="time">Clock.</param>
internal sealed class SessionStore(int sessionsMax, TimeProvider time) : ITicketStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Session>> _sessions = new(StringComparer.Ordinal);
    private readonly LinkedList<Session> _byUse = new();

    /// <summary>Sessions now, those that have expired and were not looked at since among them.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _sessions.Count;
            }
        }
    }

    /// <summary>True while the session goes on.</summary>
    public bool Has(string key)
    {
        lock (_gate)
        {
            return _sessions.TryGetValue(key, out var node) && !IsOver(node.Value.Ticket);
        }
    }

    /// <summary>Ends a session.</summary>
    public void Remove(string key)
    {
        lock (_gate)
        {
            if (_sessions.Remove(key, out var node))
            {
                _byUse.Remove(node);
            }
        }
    }

    public Task<string> StoreAsync(AuthenticationTicket ticket)
    {
        var key = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        (ticket.Principal.Identity as ClaimsIdentity)?.AddClaim(new Claim(Person.SessionClaim, key));
        lock (_gate)
        {
            while (_sessions.Count >= sessionsMax && _byUse.First is { } oldest)
            {
                _sessions.Remove(oldest.Value.Key);
                _byUse.RemoveFirst();
            }

            _sessions.Add(key, _byUse.AddLast(new Session(key, ticket)));
        }

        return Task.FromResult(key);
    }

    public Task RenewAsync(string key, AuthenticationTicket ticket)
    {
        lock (_gate)
        {
            // Not one that has ended: it does not come back.
            if (_sessions.TryGetValue(key, out var node))
            {
                node.Value = node.Value with { Ticket = ticket };
            }
        }

        return Task.CompletedTask;
    }

    public Task<AuthenticationTicket?> RetrieveAsync(string key)
    {
        lock (_gate)
        {
            if (!_sessions.TryGetValue(key, out var node))
            {
                return Task.FromResult<AuthenticationTicket?>(null);
            }

            _byUse.Remove(node);
            if (IsOver(node.Value.Ticket))
            {
                _sessions.Remove(key);
                return Task.FromResult<AuthenticationTicket?>(null);
            }

            _byUse.AddLast(node);
            return Task.FromResult<AuthenticationTicket?>(node.Value.Ticket);
        }
    }

    public Task RemoveAsync(string key)
    {
        Remove(key);
        return Task.CompletedTask;
    }

    private bool IsOver(AuthenticationTicket ticket) => ticket.Properties.ExpiresUtc <= time.GetUtcNow();

    private sealed record Session(string Key, AuthenticationTicket Ticket);
}
