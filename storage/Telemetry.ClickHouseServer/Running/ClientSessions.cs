using System.Globalization;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.ClickHouseServer.Running;

/// <summary>
/// Sessions by <c>session_id</c>: a connection of the engine each, used by one statement at a time, closed when nobody has used
/// it for its timeout.
/// </summary>
internal sealed class ClientSessions(EnginePool pool, ClickHouseServerOptions options, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string User, string Id), Session> _sessions = [];

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

    /// <exception cref="ClickHouseException">Not there (and to be there), in use, or too many.</exception>
    public async Task<EngineSession> TakeAsync(string user, string id, TimeSpan? timeout, bool mustExist)
    {
        await CloseExpiredAsync();
        Session session;
        lock (_gate)
        {
            if (!_sessions.TryGetValue((user, id), out session!))
            {
                if (mustExist)
                {
                    throw Error(ErrorCodes.SessionNotFound, $"Session {id} not found");
                }

                if (_sessions.Count >= options.SessionsMax)
                {
                    throw Error(
                        ErrorCodes.TooManySimultaneousQueries,
                        string.Create(CultureInfo.InvariantCulture, $"Too many sessions. Maximum: {options.SessionsMax}; close some with close_session=1"));
                }

                session = new Session();
                _sessions.Add((user, id), session);
            }
            else if (session.Used)
            {
                throw Error(ErrorCodes.SessionIsLocked, $"Session {id} is locked by a concurrent client");
            }

            session.Used = true;
            session.Timeout = timeout ?? options.SessionTimeout;
        }

        try
        {
            return session.Engine ??= await pool.OpenAsync();
        }
        catch
        {
            lock (_gate)
            {
                _sessions.Remove((user, id));
            }

            throw;
        }
    }

    public async Task ReturnAsync(string user, string id, bool close)
    {
        Session session;
        lock (_gate)
        {
            session = _sessions[(user, id)];
            session.Used = false;
            session.LastUse = time.GetTimestamp();
            if (close)
            {
                _sessions.Remove((user, id));
            }
        }

        if (close && session.Engine is not null)
        {
            await session.Engine.DisposeAsync();
        }
    }

    /// <summary>Closes what nobody has used for its time.</summary>
    public async Task CloseExpiredAsync()
    {
        List<Session> expired = [];
        lock (_gate)
        {
            foreach (var (key, session) in _sessions)
            {
                if (!session.Used && time.GetElapsedTime(session.LastUse) > session.Timeout)
                {
                    expired.Add(session);
                    _sessions.Remove(key);
                }
            }
        }

        await CloseAsync(expired);
    }

    public async ValueTask DisposeAsync()
    {
        List<Session> all;
        lock (_gate)
        {
            all = [.. _sessions.Values];
            _sessions.Clear();
        }

        await CloseAsync(all);
    }

    private static async Task CloseAsync(List<Session> sessions)
    {
        foreach (var session in sessions)
        {
            if (session.Engine is not null)
            {
                await session.Engine.DisposeAsync();
            }
        }
    }

    private static ClickHouseException Error(int code, string message) => new(code, ErrorCodes.Text(code, message));

    private sealed class Session
    {
        public EngineSession? Engine { get; set; }

        public bool Used { get; set; }

        public long LastUse { get; set; }

        public TimeSpan Timeout { get; set; }
    }
}
