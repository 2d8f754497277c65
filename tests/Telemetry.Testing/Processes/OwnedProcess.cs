using System.Diagnostics;

namespace Telemetry.Testing.Processes;

/// <summary>
/// A process started here, its output appended to a file, controlled by its id only. Disposing kills it.
/// </summary>
public sealed class OwnedProcess : IAsyncDisposable
{
    private readonly Process _process;

    private OwnedProcess(Process process, string name)
    {
        _process = process;
        Name = name;
        Id = process.Id;
    }

    public string Name { get; }

    public int Id { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>Valid once it has exited; 128 + n when signal n ended it.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts <paramref name="command"/>; the shell in between replaces itself by it, so the id is the command's own.</summary>
    /// <param name="name">For messages and the register.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="log">File that standard output and standard error are appended to.</param>
    /// <param name="register">Where it is written down.</param>
    /// <param name="environment">Added to this process's environment; may be null.</param>
    public static OwnedProcess Start(
        string name,
        IReadOnlyList<string> command,
        string log,
        ProcessRegister register,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", log } };
        foreach (var argument in command)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{name} did not start.");
        register.Add(process.Id, name);
        return new OwnedProcess(process, name);
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (!HasExited)
        {
            ProcessSignal.Kill(Id);
        }

        await _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP.</summary>
    public void Pause() => Send(ProcessSignal.Pause);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Send(ProcessSignal.Resume);

    /// <summary>SIGTERM.</summary>
    public void Terminate() => Send(ProcessSignal.Terminate);

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    /// <summary>Once it has ended its id may be somebody else's.</summary>
    private void Send(Func<int, bool> signal)
    {
        if (!HasExited)
        {
            signal(Id);
        }
    }
}
