using System.Diagnostics;
using System.Text.Json;
using Telemetry.Host.Composition;
using Telemetry.Host.Figures;
using Telemetry.Observability.Metrics;
using Telemetry.Operations.Reports;
using Telemetry.Query.Health;

namespace Telemetry.Host.Reports;

/// <summary>Takes the figures at the beginning and the end of a run.</summary>
internal sealed class RunReportBuilder(Platform platform, SimulatorProcess? simulator) : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private Task _sampling = Task.CompletedTask;
    private readonly Stopwatch _watch = new();
    private IReadOnlyDictionary<string, double> _cpuBefore = new Dictionary<string, double>();
    private IReadOnlyDictionary<string, double> _cpu = new Dictionary<string, double>();
    private double _simulatorCpu;
    private double _simulatorMib;
    private double _residentMib;
    private double _seconds;

    public void Begin()
    {
        _cpuBefore = ThreadCpu.Read();
        _watch.Start();
        _sampling = SampleWhileRunningAsync(_ending.Token);
    }

    /// <summary>A process that has ended tells nothing of its CPU time: look while it runs.</summary>
    public void SampleSimulator()
    {
        if (simulator is { HasExited: false })
        {
            _simulatorCpu = Math.Max(_simulatorCpu, simulator.CpuTime.TotalSeconds);
            _simulatorMib = Math.Max(_simulatorMib, simulator.ResidentBytes / 1048576.0);
        }
    }

    public void End()
    {
        _seconds = _watch.Elapsed.TotalSeconds;
        _watch.Stop();
        _cpu = ThreadCpu.Read();
        using var self = Process.GetCurrentProcess();
        _residentMib = self.WorkingSet64 / 1048576.0;
    }

    public RunReport Build()
    {
        var metrics = platform.Figures;
        metrics.Refresh();
        var report = simulator?.Report;
        var acked = Number(report, "acked") ?? (long)metrics.Sum("telemetry.bridge.readings.stored");
        var sent = Number(report, "sent") ?? acked;
        var stored = (long)metrics.Sum("telemetry.storage.readings.stored");
        var producing = report?.GetProperty("seconds").GetDouble() ?? _seconds;
        var endToEnd = platform.EndToEnd;
        return new RunReport
        {
            Seconds = Math.Round(producing, 1),
            Sent = sent,
            Acked = acked,
            Stored = stored,
            Duplicates = (long)metrics.Sum("telemetry.storage.readings.duplicates"),
            DeadLetters = (long)PipelineTotals.DeadLetters(name => metrics.Sum(name)),
            Anomalies = (long)metrics.Sum("telemetry.processing.anomalies"),
            Rates = new RunRates(Rounded(sent / producing), Rounded(acked / producing), Rounded(stored / producing)),
            E2eMs = endToEnd is null || endToEnd.Count == 0 ? null : new RunQuantiles(
                endToEnd.Quantile(0.5).TotalMilliseconds, endToEnd.Quantile(0.95).TotalMilliseconds, endToEnd.Quantile(0.99).TotalMilliseconds),
            PubackMs = report is { } r ? Quantiles(r.GetProperty("puback_ms")) : platform.Sampler.Health.Latency.PubackMs is { } puback ? Quantiles(puback) : null,
            CpuPercent = CpuByRole(),
            MemoryMib = new Dictionary<string, double>
            {
                ["platform"] = Rounded(_residentMib),
                ["platform_managed"] = Rounded(GC.GetTotalMemory(forceFullCollection: false) / 1048576.0),
                ["simulator"] = Rounded(_simulatorMib),
            },
            Simulator = report,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _sampling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private static RunQuantiles Quantiles(LatencyQuantiles latency) => new(latency.P50, latency.P95, latency.P99);

    private static RunQuantiles Quantiles(JsonElement element) => new(
        element.GetProperty("p50").GetDouble(), element.GetProperty("p95").GetDouble(), element.GetProperty("p99").GetDouble());

    private static long? Number(JsonElement? report, string name) =>
        report is { } r && r.TryGetProperty(name, out var value) ? value.GetInt64() : null;

    private static double Rounded(double value) => Math.Round(value, 1);

    private async Task SampleWhileRunningAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            SampleSimulator();
        }
    }

    private Dictionary<string, double> CpuByRole()
    {
        var roles = new Dictionary<string, double>(StringComparer.Ordinal);
        var named = 0.0;
        foreach (var (thread, seconds) in _cpu)
        {
            var used = seconds - _cpuBefore.GetValueOrDefault(thread);
            if (thread == "total")
            {
                roles["platform"] = used;
                continue;
            }

            var role = RoleOf(thread);
            roles[role] = roles.GetValueOrDefault(role) + used;
            named += used;
        }

        // Threads that ended during the run are in the process's sum only; they are the runtime's or the engine's.
        roles["ended_threads"] = Math.Max(0, roles.GetValueOrDefault("platform") - named);
        roles["simulator"] = _simulatorCpu;
        return roles.ToDictionary(r => r.Key, r => Rounded(100 * r.Value / Math.Max(0.001, _seconds)));
    }

    private static string RoleOf(string thread) => thread switch
    {
        _ when thread.StartsWith("role-", StringComparison.Ordinal) => thread[5..],
        _ when thread.StartsWith("journal", StringComparison.Ordinal) || thread.StartsWith("rdk:", StringComparison.Ordinal) => "log",
        _ when thread.StartsWith(".NET TP", StringComparison.Ordinal) || thread.StartsWith(".NET Sockets", StringComparison.Ordinal) => "edge",
        _ when thread.StartsWith(".NET", StringComparison.Ordinal) || thread is "dotnet" or "telemetry" => "runtime",
        _ => "engine",
    };
}
