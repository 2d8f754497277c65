using System.Globalization;
using Telemetry.IntegrationTests.Support;
using Telemetry.Simulator.Ledger;

namespace Telemetry.IntegrationTests.Simulator;

/// <summary>The simulator beside a platform that is killed.</summary>
[Collection("processes")]
public sealed class OrphanTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-orphan-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_simulator_whose_platform_is_killed_ends_without_waiting_for_what_is_not_acknowledged()
    {
        // In good order it would wait a day for acknowledgements that cannot come: publishes are pending at every moment.
        await using var platform = TelemetryProcess.Start(
            new Dictionary<string, string> { ["TELEMETRY__SIMULATOR__DRAINTIMEOUT"] = "1.00:00:00" },
            "up", "--data", _data, "--devices", "20", "--rate", "max", "--mqtt-port", "0", "--http-port", "0", "--no-browser", "--plain");
        using var limit = new CancellationTokenSource(Patience);
        var ledger = Path.Combine(_data, "ledger");
        while (!Directory.Exists(ledger) || LedgerReader.Read(ledger).Sum(e => e.AckedCount) == 0)
        {
            platform.HasExited.ShouldBeFalse(platform.Errors);
            await Task.Delay(50, limit.Token);
        }

        var simulator = Children(platform.Id).Single(id => CommandLine(id).Contains("--stop-with-stdin", StringComparison.Ordinal));
        platform.Kill();
        await platform.WaitAsync();
        while (CommandLine(simulator).Contains(_data, StringComparison.Ordinal))
        {
            await Task.Delay(50, limit.Token);
        }
    }

    private static IEnumerable<int> Children(int process) => Directory.EnumerateDirectories($"/proc/{process}/task")
        .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(id => int.Parse(id, CultureInfo.InvariantCulture));

    /// <summary>Empty when there is no such process, or it has ended and nobody has taken its exit code yet.</summary>
    private static string CommandLine(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
