using Telemetry.Host.Composition;

namespace Telemetry.Host.Apart;

/// <summary>Keeps one role's process running: starts it again, with growing pauses, until it is asked to stop.</summary>
internal sealed class SupervisedRole : IAsyncDisposable
{
    /// <summary>Up to this exit code it was the command line or the settings.</summary>
    private const int UsageError = 2;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    /// <summary>Who ran this long was well: the next pause is the first again.</summary>
    private static readonly TimeSpan Well = TimeSpan.FromSeconds(30);

    private readonly ILogger _logger;
    private readonly Action<string> _said;
    private readonly Action _changed;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<string> _unusable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _loop;
    private readonly Task _readiness;
    private volatile ChildProcess? _process;
    private volatile string? _notReady = "starting";
    private TimeSpan _cpuBefore;

    /// <param name="spec">What to run.</param>
    /// <param name="http">Asks for readiness.</param>
    /// <param name="said">Called with each warning or error it logs.</param>
    /// <param name="changed">Called when the process is another one.</param>
    /// <param name="logger">Tells of restarts.</param>
    public SupervisedRole(RoleSpec spec, HttpClient http, Action<string> said, Action changed, ILogger logger)
    {
        (Spec, _said, _changed, _logger) = (spec, said, changed, logger);
        _loop = RunAsync();
        _readiness = WatchReadinessAsync(http);
    }

    public RoleSpec Spec { get; }

    public int? ProcessId => _process?.Id;

    public int Restarts { get; private set; }

    /// <summary>Why it does not serve; null when it does.</summary>
    public string? NotReady => _notReady;

    /// <summary>Completes when it first serves.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes with its words when it ended before it ever served for a reason that starting again does not mend.</summary>
    public Task<string> Unusable => _unusable.Task;

    /// <summary>CPU time of all its processes.</summary>
    public TimeSpan CpuTime => _cpuBefore + (_process?.CpuTime ?? TimeSpan.Zero);

    public long ResidentBytes => _process?.ResidentBytes ?? 0;

    /// <summary>Asks it to stop and waits; kills it after the deadline.</summary>
    /// <param name="drain">True: it first takes what is on the log.</param>
    /// <param name="deadline">How long it may take.</param>
    /// <param name="cancellationToken">Ends the wait sooner.</param>
    public async Task StopAsync(bool drain, TimeSpan deadline, CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        if (_process is { } process)
        {
            process.RequestStop(drain ? ParentWatch.DrainLine : null);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(deadline);
            try
            {
                await process.WaitForExitAsync(limit.Token);
                HostLog.RoleStopped(_logger, Spec.Name);
            }
            catch (OperationCanceledException)
            {
                HostLog.RoleKilled(_logger, Spec.Name, deadline.TotalSeconds);
                process.Kill();
            }
        }

        await _loop;
        await _readiness;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_process is { HasExited: false } process)
        {
            process.Kill();
        }

        await _loop;
        await _readiness;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = FirstPause;
        while (!_stop.IsCancellationRequested)
        {
            var started = TimeProvider.System.GetTimestamp();
            await using var process = ChildProcess.Start(Spec.Arguments, static _ => { }, Say);
            _process = process;
            _changed();
            await process.WaitForExitAsync(CancellationToken.None);
            _cpuBefore += process.CpuTime;
            _process = null;
            _notReady = $"ended with code {process.ExitCode}";
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            if (process.ExitCode is > 0 and <= UsageError && !_ready.Task.IsCompleted)
            {
                _unusable.TrySetResult(process.ErrorText);
                return;
            }

            pause = TimeProvider.System.GetElapsedTime(started) >= Well ? FirstPause : pause;
            HostLog.RoleEnded(_logger, Spec.Name, process.ExitCode, pause.TotalSeconds, process.ErrorText);
            Restarts++;
            await Task.Delay(pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task WatchReadinessAsync(HttpClient http)
    {
        var pause = TimeSpan.FromMilliseconds(250);
        while (!_stop.IsCancellationRequested)
        {
            if (_process is not null)
            {
                _notReady = await AskAsync(http);
                if (_notReady is null && _ready.TrySetResult())
                {
                    HostLog.RoleReady(_logger, Spec.Name, Spec.Ready);
                    pause = TimeSpan.FromSeconds(1);
                }
            }

            await Task.Delay(pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<string?> AskAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync(Spec.Ready, _stop.Token);
            return answer.IsSuccessStatusCode ? null : (await answer.Content.ReadAsStringAsync(_stop.Token)).Trim();
        }
        catch (HttpRequestException)
        {
            return "does not answer yet";
        }
        catch (OperationCanceledException)
        {
            return "does not answer in time";
        }
    }

    private void Say(string line)
    {
        // "12:34:56.789 WRN source: message"; its own log file has the rest.
        if (line.Length > 16 && line.AsSpan(13, 3) is "WRN" or "ERR" or "FTL")
        {
            _said(line);
        }
    }
}
