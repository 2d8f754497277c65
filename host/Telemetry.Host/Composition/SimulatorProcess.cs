using System.Text.Json;

namespace Telemetry.Host.Composition;

/// <summary>
/// The simulator as a child process: 10,000 client sockets beside 10,000 server sockets pass the open-file limit of one
/// process. Its standard output carries one JSON object a progress report.
/// </summary>
internal sealed class SimulatorProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private SimulatorProcess(IEnumerable<string> arguments) =>
        _process = ChildProcess.Start(arguments, ReadProgress, static _ => { });

    /// <summary>Newest progress; null before the first.</summary>
    public JsonElement? Progress { get; private set; }

    /// <summary>The fleet's own report at its end; null before.</summary>
    public JsonElement? Report => Progress is { } progress && progress.TryGetProperty(nameof(Report), out var report) ? report : null;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>The last lines of standard error, for the message when it failed.</summary>
    public string ErrorText => _process.ErrorText;

    /// <summary>CPU time it used so far.</summary>
    public TimeSpan CpuTime => _process.CpuTime;

    public long ResidentBytes => _process.ResidentBytes;

    public static SimulatorProcess Start(IEnumerable<string> arguments) => new(arguments);

    /// <summary>Asks it to finish in good order.</summary>
    public void RequestStop() => _process.RequestStop(ParentWatch.DrainLine);

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private void ReadProgress(string line)
    {
        if (line.StartsWith('{'))
        {
            using var document = JsonDocument.Parse(line);
            Progress = document.RootElement.Clone();
        }
    }
}
