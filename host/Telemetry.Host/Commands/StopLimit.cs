namespace Telemetry.Host.Commands;

/// <summary>
/// Ends the process when an orderly stop takes too long, for example because the cluster it would commit to is away. Nothing is
/// lost by it: what is not committed is on the log.
/// </summary>
internal sealed class StopLimit : IDisposable
{
    private readonly ILogger _logger;
    private readonly Timer _timer;
    private readonly Lock _gate = new();
    private TimeSpan _limit;
    private int _code;
    private string? _reason;

    public StopLimit(ILogger<StopLimit> logger)
    {
        _logger = logger;
        _timer = new Timer(_ => End());
    }

    /// <summary>From now on the process may run this long.</summary>
    /// <param name="limit">Counted from now; replaces an earlier limit.</param>
    /// <param name="code">What the process ends with when that is not enough.</param>
    /// <param name="reason">Then told to the user; null: nothing more than the log says.</param>
    public void Begin(TimeSpan limit, int code, string? reason = null)
    {
        lock (_gate)
        {
            (_limit, _code, _reason) = (limit, code, reason);
            _timer.Change(limit, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void End()
    {
        int code;
        lock (_gate)
        {
            code = _code;
            HostLog.StopTimedOut(_logger, _limit.TotalSeconds);
            if (_reason is not null)
            {
                Console.Error.WriteLine(_reason);
            }
        }

        ProcessExit.Now(code);
    }
}
