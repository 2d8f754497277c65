using System.Diagnostics;

namespace Telemetry.Host.Composition;

/// <summary>
/// This executable once more as a child process. The end of its standard input asks it to stop, so it stops too when this
/// process dies.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int LinesKept = 20;

    private readonly Process _process;
    private readonly Task _output;
    private readonly Task _errors;
    private readonly Queue<string> _lastErrors = [];
    private TimeSpan _cpuTime;

    private ChildProcess(Process process, Action<string> output, Action<string> error)
    {
        _process = process;
        _output = ReadAsync(process.StandardOutput, output);
        _errors = ReadAsync(process.StandardError, line =>
        {
            Keep(line);
            error(line);
        });
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>The last lines of standard error, for the message when it failed.</summary>
    public string ErrorText
    {
        get
        {
            lock (_lastErrors)
            {
                return string.Join(Environment.NewLine, _lastErrors);
            }
        }
    }

    /// <summary>CPU time it used so far; once it has ended, what was last read.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            try
            {
                _cpuTime = _process.TotalProcessorTime;
            }
            catch (InvalidOperationException)
            {
                return _cpuTime; // Ended, and its figures are gone.
            }

            return _cpuTime;
        }
    }

    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.HasExited ? 0 : _process.WorkingSet64;
        }
    }

    /// <param name="arguments">Its command line.</param>
    /// <param name="output">Called with each line of its standard output.</param>
    /// <param name="error">Called with each line of its standard error.</param>
    public static ChildProcess Start(IEnumerable<string> arguments, Action<string> output, Action<string> error)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };

        // "dotnet telemetry.dll" or the apphost: start the same way this process was started.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{Environment.ProcessPath} did not start.");
        return new ChildProcess(process, output, error);
    }

    /// <summary>Asks it to finish in good order: the end of its standard input is the signal.</summary>
    /// <param name="line">Written before the end; null: nothing.</param>
    public void RequestStop(string? line = null)
    {
        try
        {
            if (line is not null)
            {
                _process.StandardInput.WriteLine(line);
            }

            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            return; // It has ended already.
        }
    }

    public void Kill() => _process.Kill();

    public async Task WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        await Task.WhenAll(_output, _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await Task.WhenAll(_output, _errors);
        _process.Dispose();
    }

    private static async Task ReadAsync(StreamReader from, Action<string> to)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            to(line);
        }
    }

    private void Keep(string line)
    {
        lock (_lastErrors)
        {
            _lastErrors.Enqueue(line);
            if (_lastErrors.Count > LinesKept)
            {
                _lastErrors.Dequeue();
            }
        }
    }
}
