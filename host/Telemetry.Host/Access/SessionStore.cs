using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Telemetry.Streams;

namespace Telemetry.Host.Access;

/// <summary>
/// The sessions of people. The cookie is a key of 256 random bits and nothing else, so that signing out really ends what a stolen copy of it could do. With a log,
/// every process over it has the same sessions, and they outlive a process; without one they are this process' own. Bounded: the session that was unused for
/// longest makes room.
/// </summary>
/// <param name="sessionsMax">Sessions at once.</param>
/// <param name="time">Clock.</param>
/// <param name="shared">Sessions on the log; null: there is none.</param>
/// <param name="logger">Told when the log does not take a session.</param>
internal sealed class SessionStore(int sessionsMax, TimeProvider time, SessionsOnLog? shared, ILogger logger) : ITicketStore
{
    private const int EndedMax = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Session>> _sessions = new(StringComparer.Ordinal);
    private readonly LinkedList<Session> _byUse = new();

    // Ended here, and perhaps still to be read from the log as living.
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private readonly Queue<string> _endedOrder = new();

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

    /// <summary>Takes what is read from the log from now on.</summary>
    public void Follow()
    {
        if (shared is not null)
        {
            shared.Changed = Take;
        }
    }

    /// <summary>True while the session goes on.</summary>
    public bool Has(string key)
    {
        lock (_gate)
        {
            return _sessions.TryGetValue(HashOf(key), out var node) && !IsOver(node.Value.Ticket);
        }
    }

    /// <summary>Ends a session, here at once and elsewhere as soon as it is read.</summary>
    public void Remove(string key)
    {
        var hash = HashOf(key);
        End(hash);
        shared?.EndSoon(hash);
    }

    public async Task<string> StoreAsync(AuthenticationTicket ticket)
    {
        var key = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        (ticket.Principal.Identity as ClaimsIdentity)?.AddClaim(new Claim(Person.SessionClaim, key));
        Put(HashOf(key), ticket);
        await ShareAsync(HashOf(key), ticket);
        return key;
    }

    public async Task RenewAsync(string key, AuthenticationTicket ticket)
    {
        var hash = HashOf(key);
        lock (_gate)
        {
            // Not one that has ended: it does not come back.
            if (!_sessions.TryGetValue(hash, out var node))
            {
                return;
            }

            node.Value = node.Value with { Ticket = ticket };
        }

        await ShareAsync(hash, ticket);
    }

    public async Task<AuthenticationTicket?> RetrieveAsync(string key)
    {
        var hash = HashOf(key);
        if (Find(hash, key) is { } ticket)
        {
            return ticket;
        }

        if (shared is null)
        {
            return null;
        }

        // It may have begun at another process a moment ago.
        await shared.CatchUpAsync();
        return Find(hash, key);
    }

    public async Task RemoveAsync(string key)
    {
        var hash = HashOf(key);
        End(hash);
        if (shared is not null)
        {
            await TryAsync(shared.EndAsync(hash));
        }
    }

    /// <summary>What the log knows a session by: it says nothing about the key.</summary>
    private static string HashOf(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private AuthenticationTicket? Find(string hash, string key)
    {
        lock (_gate)
        {
            if (!_sessions.TryGetValue(hash, out var node))
            {
                return null;
            }

            _byUse.Remove(node);
            if (IsOver(node.Value.Ticket))
            {
                _sessions.Remove(hash);
                return null;
            }

            _byUse.AddLast(node);
            if (node.Value.Ticket.Principal.Identity is ClaimsIdentity identity && !identity.HasClaim(c => c.Type == Person.SessionClaim))
            {
                identity.AddClaim(new Claim(Person.SessionClaim, key));
            }

            return node.Value.Ticket;
        }
    }

    /// <summary>A session was read from the log, or its end.</summary>
    private void Take(string hash, AuthenticationTicket? ticket)
    {
        if (ticket is null)
        {
            End(hash);
            return;
        }

        if (IsOver(ticket))
        {
            shared!.EndSoon(hash);
            return;
        }

        lock (_gate)
        {
            if (_ended.Contains(hash))
            {
                return;
            }

            if (_sessions.TryGetValue(hash, out var node))
            {
                // Our own comes back, or another process has made it last longer.
                if (ticket.Properties.ExpiresUtc > node.Value.Ticket.Properties.ExpiresUtc)
                {
                    node.Value = node.Value with { Ticket = ticket };
                }

                return;
            }
        }

        Put(hash, ticket);
    }

    private void Put(string hash, AuthenticationTicket ticket)
    {
        List<string> over = [];
        lock (_gate)
        {
            while (_sessions.Count >= sessionsMax && _byUse.First is { } oldest)
            {
                _sessions.Remove(oldest.Value.Hash);
                _byUse.RemoveFirst();
                over.Add(oldest.Value.Hash);
            }

            _sessions.Add(hash, _byUse.AddLast(new Session(hash, ticket)));
        }

        over.ForEach(h => shared?.EndSoon(h));
    }

    private void End(string hash)
    {
        lock (_gate)
        {
            if (_sessions.Remove(hash, out var node) && node.List is not null)
            {
                _byUse.Remove(node);
            }

            if (shared is not null && _ended.Add(hash))
            {
                _endedOrder.Enqueue(hash);
                if (_endedOrder.Count > EndedMax)
                {
                    _ended.Remove(_endedOrder.Dequeue());
                }
            }
        }
    }

    private Task ShareAsync(string hash, AuthenticationTicket ticket) => shared is null ? Task.CompletedTask : TryAsync(shared.PutAsync(hash, ticket));

    /// <summary>A log that is away does not keep anybody out: what it does not take counts in this process only.</summary>
    private async Task TryAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (Exception error) when (error is RecordLogException or OperationCanceledException)
        {
            AccessLog.SessionNotShared(logger, error.Message);
        }
    }

    private bool IsOver(AuthenticationTicket ticket) => ticket.Properties.ExpiresUtc <= time.GetUtcNow();

    private sealed record Session(string Hash, AuthenticationTicket Ticket);
}
