namespace Telemetry.Host.Commands;

/// <summary>
/// Ends the process when an orderly stop takes too long, for example because the cluster it would commit to is away. Nothing is
/// lost by it: what is not committed is on the log.
/// </summary>
internal sealed class StopLimit : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly Timer _timer;

    public StopLimit(TimeSpan limit, ILogger<StopLimit> logger)
    {
        _limit = limit;
        _timer = new Timer(_ => End(logger));
    }

    /// <summary>The stop has begun.</summary>
    public void Begin() => _timer.Change(_limit, Timeout.InfiniteTimeSpan);

    public void Dispose() => _timer.Dispose();

    private void End(ILogger logger)
    {
        HostLog.StopTimedOut(logger, _limit.TotalSeconds);
        Environment.Exit(0);
    }
}
