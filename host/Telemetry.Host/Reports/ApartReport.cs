using System.Text.Json;
using Telemetry.Host.Apart;
using Telemetry.Host.Composition;
using Telemetry.Host.Figures;
using Telemetry.Operations.Reports;
using Telemetry.Query.Health;

namespace Telemetry.Host.Reports;

/// <summary>
/// Figures of a run with roles apart: counters and latencies from the processes' metrics (sampled each second, so what a killed
/// process counted in its last second is missing), CPU and memory from the system.
/// </summary>
internal sealed class ApartReport(RolesApart apart, SimulatorProcess? simulator) : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly Dictionary<string, double> _mebibytes = [];
    private Dictionary<string, TimeSpan> _cpuBefore = [];
    private Dictionary<string, TimeSpan> _cpu = [];
    private LatencyCounts _endToEndBefore = LatencyCounts.None;
    private Task _sampling = Task.CompletedTask;
    private long _began;
    private double _seconds;

    public void Begin()
    {
        _began = TimeProvider.System.GetTimestamp();
        _cpuBefore = Cpu();
        _endToEndBefore = apart.Figures.Latency(PipelineSampler.EndToEndInstrument);
        _sampling = SampleAsync(_ending.Token);
    }

    /// <summary>The fleet has ended; what is on its way is still stored.</summary>
    public void End() => _seconds = TimeProvider.System.GetElapsedTime(_began).TotalSeconds;

    public RunReport Build()
    {
        var figures = apart.Figures;
        var report = simulator?.Report;
        var acked = report?.GetProperty("acked").GetInt64() ?? (long)figures.Sum("telemetry.bridge.readings.stored");
        var sent = report?.GetProperty("sent").GetInt64() ?? acked;
        var stored = (long)figures.Sum("telemetry.storage.readings.stored");
        var producing = report?.GetProperty("seconds").GetDouble() ?? _seconds;
        return new RunReport
        {
            Seconds = Rounded(producing),
            Sent = sent,
            Acked = acked,
            Stored = stored,
            Duplicates = (long)figures.Sum("telemetry.storage.readings.duplicates"),
            DeadLetters = (long)PipelineTotals.DeadLetters(figures.Sum),
            Anomalies = (long)figures.Sum("telemetry.processing.anomalies"),
            Rates = new RunRates(Rounded(sent / producing), Rounded(acked / producing), Rounded(stored / producing)),
            E2eMs = figures.Latency(PipelineSampler.EndToEndInstrument).Since(_endToEndBefore) is { } e2e ? Quantiles(e2e) : null,
            PubackMs = report is { } r ? Quantiles(r.GetProperty("puback_ms")) : apart.Sampler.Health.Latency.PubackMs is { } puback ? Quantiles(puback) : null,
            CpuPercent = _cpu.ToDictionary(
                c => c.Key, c => Rounded(100 * (c.Value - _cpuBefore.GetValueOrDefault(c.Key)).TotalSeconds / Math.Max(0.001, _seconds))),
            MemoryMib = _mebibytes.ToDictionary(m => m.Key, m => Rounded(m.Value)),
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

    private static double Rounded(double value) => Math.Round(value, 1);

    /// <summary>While the fleet runs: a process that has ended tells nothing any more.</summary>
    private async Task SampleAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (_seconds > 0)
            {
                continue;
            }

            _cpu = Cpu();
            foreach (var role in apart.Roles)
            {
                Peak(role.Spec.Name, role.ResidentBytes);
            }

            Peak("simulator", simulator is { HasExited: false } ? simulator.ResidentBytes : 0);
        }
    }

    private Dictionary<string, TimeSpan> Cpu()
    {
        var cpu = apart.Roles.ToDictionary(r => r.Spec.Name, r => r.CpuTime);
        cpu["simulator"] = simulator?.CpuTime ?? TimeSpan.Zero;
        return cpu;
    }

    private void Peak(string name, long bytes) =>
        _mebibytes[name] = Math.Max(_mebibytes.GetValueOrDefault(name), bytes / 1048576.0);
}
