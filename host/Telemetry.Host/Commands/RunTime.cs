namespace Telemetry.Host.Commands;

/// <summary>The time given with <c>--for</c> was over before the platform served.</summary>
internal sealed class RunTimeOverException(string message) : Exception(message);

/// <summary>
/// Holds a run of <c>up</c> to its time: with <c>--for</c> the process ends, whatever hangs, when that time and the shutdown
/// timeout after it are over. The time begins when the platform serves; one that does not come to serve within the same time ends
/// too. An orderly stop that was asked for by a signal takes no longer than twice the shutdown timeout.
/// </summary>
internal sealed class RunTime : IDisposable
{
    /// <summary>Shutdown timeouts that a stop gets that was asked for by a signal, and is not bound to a time.</summary>
    private const int Unhurried = 2;

    private const string TooLate = "The platform was not up in the time that --for gives it.";

    private readonly TimeSpan? _duration;
    private readonly TimeSpan _shutdown;
    private readonly CancellationTokenSource _starting;
    private readonly CancellationToken _stop;
    private readonly StopLimit _limit;
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private long _ready;

    /// <param name="duration">What <c>--for</c> says; null: until stopped.</param>
    /// <param name="shutdown">Time for stopping.</param>
    /// <param name="loggers">Told when the process has to be ended.</param>
    /// <param name="stop">Somebody asks for an orderly stop.</param>
    public RunTime(TimeSpan? duration, TimeSpan shutdown, ILoggerFactory loggers, CancellationToken stop)
    {
        (_duration, _shutdown, _stop) = (duration, shutdown, stop);
        _limit = new StopLimit(loggers.CreateLogger<StopLimit>());
        _starting = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (duration is { } time)
        {
            // Nothing has to be drained before there was a start, so it may use most of the time for stopping too.
            _starting.CancelAfter(time + (shutdown * 4 / 5));
            _limit.Begin(time + shutdown, ExitCodes.Failure, TooLate);
        }
    }

    /// <summary>Starts the platform within the time.</summary>
    /// <exception cref="RunTimeOverException">It did not start in time.</exception>
    /// <exception cref="OperationCanceledException">Stopped by a signal.</exception>
    public async Task<T> StartAsync<T>(Func<CancellationToken, Task<T>> start)
    {
        await using var stopping = _stop.Register(() => _limit.Begin(_shutdown, 0));
        try
        {
            var started = await start(_starting.Token);
            _starting.CancelAfter(Timeout.InfiniteTimeSpan);
            _ready = TimeProvider.System.GetTimestamp();
            if (_duration is { } time)
            {
                _limit.Begin(time + _shutdown, ExitCodes.Failure);
            }

            return started;
        }
        catch (OperationCanceledException e) when (_starting.IsCancellationRequested && !_stop.IsCancellationRequested)
        {
            throw new RunTimeOverException($"{TooLate} After {TimeProvider.System.GetElapsedTime(_began).TotalSeconds:F0} s: {e.Message}");
        }
    }

    /// <summary>Has the fleet stop when it did not do so by itself, and waits until it has.</summary>
    /// <param name="exited">The fleet's end.</param>
    /// <param name="requestStop">Asks it to stop.</param>
    /// <returns>False: it does not stop.</returns>
    public async Task<bool> StopFleetAsync(Task exited, Action requestStop)
    {
        requestStop();
        try
        {
            await exited.WaitAsync(_shutdown / 3);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Completes when a fleet that should have ended by itself has had time enough for its last answers.</summary>
    public Task FleetIsLateAsync(CancellationToken cancellationToken) =>
        Task.Delay(_duration is { } time ? time + (_shutdown / 2) : Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Stops the platform in the time there is for it.</summary>
    /// <returns>False: it took longer.</returns>
    public async Task<bool> StopAsync(Func<CancellationToken, Task> stop)
    {
        var left = _shutdown * Unhurried;
        if (_duration is { } time && !_stop.IsCancellationRequested)
        {
            left = time + _shutdown - TimeProvider.System.GetElapsedTime(_ready);
            left = left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
        else
        {
            _limit.Begin(left, 0);
        }

        using var orderly = new CancellationTokenSource(left * 9 / 10);
        try
        {
            await stop(orderly.Token).WaitAsync(orderly.Token);
            return true;
        }
        catch (OperationCanceledException) when (orderly.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>The run has failed: what is left of the process has the shutdown timeout to end.</summary>
    public void Failed(int code) => _limit.Begin(_shutdown, code);

    public void Dispose()
    {
        _starting.Dispose();
        _limit.Dispose();
    }
}
