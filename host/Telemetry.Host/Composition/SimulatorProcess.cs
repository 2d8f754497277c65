using System.Diagnostics;
using System.Text.Json;

namespace Telemetry.Host.Composition;

/// <summary>
/// The simulator as a child process: 10,000 client sockets beside 10,000 server sockets pass the open-file limit of one
/// process. Its standard output carries one JSON object a progress report.
/// </summary>
internal sealed class SimulatorProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _output;
    private readonly Task _errors;
    private readonly List<string> _lastErrors = [];

    private SimulatorProcess(Process process)
    {
        _process = process;
        _output = ReadProgressAsync();
        _errors = ReadErrorsAsync();
    }

    /// <summary>Newest progress; null before the first.</summary>
    public JsonElement? Progress { get; private set; }

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

    public static SimulatorProcess Start(IEnumerable<string> arguments)
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
            start.ArgumentList.Add(typeof(SimulatorProcess).Assembly.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("The simulator did not start.");
        return new SimulatorProcess(process);
    }

    /// <summary>CPU time it used so far.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            try
            {
                return _process.TotalProcessorTime;
            }
            catch (InvalidOperationException)
            {
                return TimeSpan.Zero; // Ended, and its figures are gone.
            }
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

    /// <summary>Asks it to finish in good order: end of its standard input is the signal.</summary>
    public void RequestStop() => _process.StandardInput.Close();

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

    private async Task ReadProgressAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith('{'))
            {
                using var document = JsonDocument.Parse(line);
                Progress = document.RootElement.Clone();
            }
        }
    }

    private async Task ReadErrorsAsync()
    {
        const int linesKept = 20;
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_lastErrors)
            {
                _lastErrors.Add(line);
                if (_lastErrors.Count > linesKept)
                {
                    _lastErrors.RemoveAt(0);
                }
            }
        }
    }
}
