using System.Net;
using Telemetry.Testing.Processes;

namespace Telemetry.Chaos.Cluster;

/// <summary>
/// One role's process, supervised as an orchestrator would: when it ends by itself it is started again. Faults take it down
/// and bring it up on purpose.
/// </summary>
internal sealed class RoleProcess : IAsyncDisposable
{
    private static readonly TimeSpan RestartDelayMin = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan RestartDelayMax = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    private readonly IReadOnlyList<string> _command;
    private readonly string _log;
    private readonly ProcessRegister _register;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _end = new();
    private readonly List<SelfExit> _selfExits = [];
    private OwnedProcess? _process;
    private Task _supervision = Task.CompletedTask;
    private bool _wanted;

    /// <param name="name">Instance, such as <c>store-1</c>.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="http">Where it serves <c>/readyz</c>; null: it is ready as soon as it runs.</param>
    /// <param name="log">File for its output.</param>
    /// <param name="register">Where its processes are written down.</param>
    public RoleProcess(string name, IReadOnlyList<string> command, IPEndPoint? http, string log, ProcessRegister register)
    {
        Name = name;
        Http = http;
        _command = command;
        _log = log;
        _register = register;
    }

    public string Name { get; }

    public IPEndPoint? Http { get; }

    public string Log => _log;

    /// <summary>Times it ended without being told to.</summary>
    public IReadOnlyList<SelfExit> SelfExits
    {
        get
        {
            lock (_selfExits)
            {
                return [.. _selfExits];
            }
        }
    }

    /// <summary>True when a process is there and has not ended.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Starts it, and from now on starts it again when it ends by itself.</summary>
    public async Task StartAsync()
    {
        await _gate.WaitAsync();
        try
        {
            _wanted = true;
            if (!IsRunning)
            {
                await LaunchAsync();
            }
        }
        finally
        {
            _gate.Release();
        }

        if (_supervision.IsCompleted)
        {
            _supervision = RunSupervisionLoopAsync();
        }
    }

    /// <summary>SIGKILL; it stays down until started.</summary>
    public async Task KillAsync()
    {
        await _gate.WaitAsync();
        try
        {
            _wanted = false;
            if (_process is not null)
            {
                await _process.KillAsync();
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>SIGTERM and a wait for the end; it stays down until started.</summary>
    /// <returns>Its exit code; null when it had to be killed because it did not end in time.</returns>
    public async Task<int?> StopAsync(TimeSpan limit)
    {
        await _gate.WaitAsync();
        try
        {
            _wanted = false;
            if (_process is null)
            {
                return 0;
            }

            _process.Resume();
            _process.Terminate();
            using var timeout = new CancellationTokenSource(limit);
            try
            {
                await _process.WaitForExitAsync(timeout.Token);
                return _process.ExitCode;
            }
            catch (OperationCanceledException)
            {
                await _process.KillAsync();
                return null;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>SIGSTOP.</summary>
    public void Pause() => _process?.Pause();

    /// <summary>SIGCONT.</summary>
    public void Resume() => _process?.Resume();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await KillAsync();
        await _supervision;
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _gate.Dispose();
        _end.Dispose();
    }

    private async Task LaunchAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _process = OwnedProcess.Start(Name, _command, _log, _register);
    }

    private async Task RunSupervisionLoopAsync()
    {
        using var timer = new PeriodicTimer(LookInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                if (_wanted && !IsRunning)
                {
                    await RestartAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            return; // The end of the cluster.
        }
    }

    private async Task RestartAsync()
    {
        await _gate.WaitAsync(_end.Token);
        try
        {
            if (!_wanted || IsRunning)
            {
                return; // A fault was quicker.
            }

            var delay = RestartDelayMin * (1 << Math.Min(SelfExits.Count, 3));
            lock (_selfExits)
            {
                _selfExits.Add(new SelfExit(Name, _process!.ExitCode, LogTail.LastLine(_log)));
            }

            await Task.Delay(delay < RestartDelayMax ? delay : RestartDelayMax, _end.Token);
            await LaunchAsync();
        }
        finally
        {
            _gate.Release();
        }
    }
}
