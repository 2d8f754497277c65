namespace Telemetry.Edge.Connections;

/// <summary>
/// Finds client identifiers that several clients use: each takes the session from the other, which comes back and takes it again.
/// One take-over is a client that came back before its old connection was found dead; several in a minute are two clients.
/// </summary>
internal sealed class TakeOverWatch(TimeProvider time)
{
    /// <summary>Take-overs within <see cref="Window"/> from which on an identifier counts as contested.</summary>
    public const int Contested = 4;

    /// <summary>Identifiers watched at once; beyond that the oldest are forgotten.</summary>
    private const int MostWatched = 1_000;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long Since, long Count)> _watched = new(StringComparer.Ordinal);

    /// <summary>A session was taken from a living connection.</summary>
    /// <param name="clientId">Its client identifier.</param>
    /// <param name="count">Take-overs since this began, when it is contested.</param>
    /// <returns>True when the identifier is contested.</returns>
    public bool IsContested(string clientId, out long count)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (!_watched.TryGetValue(clientId, out var seen) || time.GetElapsedTime(seen.Since, now) > Window)
            {
                seen = (now, 0);
                Forget(now);
            }

            count = seen.Count + 1;
            // A contest that goes on is one contest.
            _watched[clientId] = (count >= Contested ? now : seen.Since, count);
            return count >= Contested;
        }
    }

    /// <summary>Identifiers that are contested now, with their take-overs; a few at most.</summary>
    public IReadOnlyList<(string ClientId, long Count)> Now(int most)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            return [.. _watched.Where(w => w.Value.Count >= Contested && time.GetElapsedTime(w.Value.Since, now) <= Window)
                .OrderByDescending(w => w.Value.Count).Take(most).Select(w => (w.Key, w.Value.Count))];
        }
    }

    private void Forget(long now)
    {
        if (_watched.Count < MostWatched)
        {
            return;
        }

        foreach (var (clientId, seen) in _watched)
        {
            if (time.GetElapsedTime(seen.Since, now) > Window)
            {
                _watched.Remove(clientId);
            }
        }

        if (_watched.Count >= MostWatched)
        {
            _watched.Remove(_watched.MinBy(w => w.Value.Since).Key);
        }
    }
}
