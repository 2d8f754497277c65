namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>
/// When readers last asked, and what the first one after a pause waits for: while nobody reads, a sink holds rows back (<see cref="SinkOptions.UnreadAfter"/>), and that reader is to
/// see them.
/// </summary>
internal sealed class ReaderPause(TimeProvider time)
{
    /// <summary>A reader waits no longer: better an answer that lacks the last seconds than none.</summary>
    private static readonly TimeSpan WaitMax = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private long _lastTicks;
    private TimeSpan _pause = TimeSpan.MaxValue;
    private Func<Task> _refresh = static () => Task.CompletedTask;
    private Task _refreshing = Task.CompletedTask;

    public DateTimeOffset LastRead => new(Volatile.Read(ref _lastTicks), TimeSpan.Zero);

    /// <summary>From now on the first reader after a pause waits for <paramref name="refresh"/>.</summary>
    public void Use(TimeSpan pause, Func<Task> refresh)
    {
        lock (_gate)
        {
            (_pause, _refresh) = (pause, refresh);
        }
    }

    /// <summary>A reader's query begins. All that come while the store is refreshed wait for the same.</summary>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        var refreshing = Begin();
        if (!refreshing.IsCompleted)
        {
            await refreshing.WaitAsync(WaitMax, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>A reader's query begins or has ended.</summary>
    public void Note() => Volatile.Write(ref _lastTicks, time.GetUtcNow().UtcTicks);

    private Task Begin()
    {
        lock (_gate)
        {
            var paused = time.GetUtcNow() - LastRead > _pause;
            Note();
            if (paused && _refreshing.IsCompleted)
            {
                _refreshing = _refresh();
            }

            return _refreshing;
        }
    }
}
