using System.Globalization;
using Telemetry.ClickHouseServer.Errors;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.ClickHouseServer.Running;

/// <summary>
/// All statements of this server by query id. An id that was killed before its statement came (its request was still on the
/// way) is remembered: the statement is refused, once, so that what a client was told to be gone stays gone.
/// </summary>
internal sealed class RunningQueries(int most, TimeProvider time)
{
    private const int RememberedMax = 10_000;
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, RunningQuery> _running = new(StringComparer.Ordinal);
    private readonly HashSet<string> _killedBefore = new(StringComparer.Ordinal);
    private readonly Queue<(string Id, long At)> _killedOrder = new();
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private readonly Queue<string> _endedOrder = new();
    private bool _stopping;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _running.Count;
            }
        }
    }

    /// <exception cref="ClickHouseException">Too many, the id is taken, or it was killed already.</exception>
    public RunningQuery Add(string id, string user)
    {
        lock (_gate)
        {
            Forget();
            if (_stopping || _killedBefore.Remove(id))
            {
                throw Error(ErrorCodes.QueryWasCancelled, _stopping ? "The server is stopping" : "Query was cancelled before it began");
            }

            if (_running.ContainsKey(id))
            {
                throw Error(ErrorCodes.QueryWithSameIdIsAlreadyRunning, $"Query with id = {id} is already running");
            }

            if (_running.Count >= most)
            {
                throw Error(
                    ErrorCodes.TooManySimultaneousQueries,
                    string.Create(CultureInfo.InvariantCulture, $"Too many simultaneous queries. Maximum: {most}"));
            }

            var query = new RunningQuery(id, user);
            _running.Add(id, query);
            return query;
        }
    }

    public void Remove(RunningQuery query)
    {
        lock (_gate)
        {
            if (!_running.Remove(query.Id))
            {
                return;
            }

            if (_ended.Add(query.Id))
            {
                _endedOrder.Enqueue(query.Id);
            }

            if (_endedOrder.Count > RememberedMax)
            {
                _ended.Remove(_endedOrder.Dequeue());
            }
        }

        query.Dispose();
    }

    public IReadOnlyList<RunningQuery> Snapshot()
    {
        lock (_gate)
        {
            return [.. _running.Values];
        }
    }

    /// <summary>Refuses a statement with this id that may still come, unless one has come already.</summary>
    public void KillBefore(string id)
    {
        lock (_gate)
        {
            if (_running.ContainsKey(id) || _ended.Contains(id) || !_killedBefore.Add(id))
            {
                return;
            }

            _killedOrder.Enqueue((id, time.GetTimestamp()));
            Forget();
        }
    }

    /// <summary>Refuses what comes, gives what runs a while, then kills it.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        lock (_gate)
        {
            _stopping = true;
        }

        var ended = Task.WhenAll(Snapshot().Select(q => q.Ended));
        await Task.WhenAny(ended, Task.Delay(patience, time));
        foreach (var query in Snapshot())
        {
            query.Kill();
        }

        await ended;
    }

    private void Forget()
    {
        while (_killedOrder.TryPeek(out var first)
            && (_killedOrder.Count > RememberedMax || time.GetElapsedTime(first.At) > Remembered))
        {
            _killedOrder.Dequeue();
            _killedBefore.Remove(first.Id);
        }
    }

    private static ClickHouseException Error(int code, string message) => new(code, ErrorCodes.Text(code, message));
}
