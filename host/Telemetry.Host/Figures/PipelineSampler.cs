using Telemetry.Query.Health;

namespace Telemetry.Host.Figures;

/// <summary>
/// Samples the pipeline's figures once a second, so that rates and recent quantiles can be read at any time: by the API,
/// the console, the live view and the report.
/// </summary>
internal sealed class PipelineSampler(IPipelineFigures figures, IReadOnlyList<string> roles, ILogger logger, TimeProvider time)
    : IPipelineHealth, IAsyncDisposable
{
    /// <summary>Rates are over this many seconds, latencies over <see cref="LatencySeconds"/>.</summary>
    private const int RateSeconds = 5;

    private const int LatencySeconds = 60;

    /// <summary>Event time to queryable row.</summary>
    public const string EndToEndInstrument = "telemetry.e2e.latency";

    private const string PubackInstrument = "telemetry.edge.puback.duration";

    private readonly Queue<Sample> _samples = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;
    private volatile PipelineHealth? _health;
    private volatile string? _problem;
    private int _taken;

    /// <summary>The newest look.</summary>
    public PipelineHealth Health => _health ??= new PipelineHealth { Roles = roles };

    /// <summary>Samples taken since the start.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Why the newest look failed; null when it did not.</summary>
    public string? Problem => _problem;

    public void Start() => _loop = RunAsync(_stopping.Token);

    public ValueTask<PipelineHealth> ReadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Health);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await SampleAsync(cancellationToken);
                Interlocked.Increment(ref _taken);
                _problem = null;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (_problem is null)
                {
                    HostLog.SamplingFailed(logger, e);
                }

                _problem = e.Message;
            }
        }
    }

    private async Task SampleAsync(CancellationToken cancellationToken)
    {
        await figures.RefreshAsync(cancellationToken);
        var now = new Sample(
            time.GetTimestamp(),
            PipelineTotals.ReadingsReceived(figures.Sum),
            figures.Sum("telemetry.bridge.publishes.received"),
            figures.Sum("telemetry.bridge.readings.stored"),
            figures.Sum("telemetry.storage.readings.stored"),
            figures.Sum("telemetry.storage.readings.rolled_up"),
            figures.Sum("telemetry.processing.anomalies"),
            figures.Latency(PubackInstrument),
            figures.Latency(EndToEndInstrument));
        _samples.Enqueue(now);
        while (_samples.Count > LatencySeconds + 1)
        {
            _samples.Dequeue();
        }

        var oldest = _samples.Peek();
        var recent = _samples.ElementAt(Math.Max(0, _samples.Count - 1 - RateSeconds));
        var seconds = time.GetElapsedTime(recent.Timestamp, now.Timestamp).TotalSeconds;
        _health = new PipelineHealth
        {
            Roles = roles,
            Rates = seconds <= 0 ? new PipelineRates() : new PipelineRates(
                Rate(now.Received, recent.Received, seconds),
                Rate(now.Acked, recent.Acked, seconds),
                Rate(now.Stored, recent.Stored, seconds),
                Rate(now.RolledUp, recent.RolledUp, seconds),
                Rate(now.Anomalies, recent.Anomalies, seconds),
                Rate(now.Publishes, recent.Publishes, seconds)),
            Lag = figures.Lag,
            Latency = new PipelineLatency(now.Puback.Since(oldest.Puback), now.EndToEnd.Since(oldest.EndToEnd)),
            Connections = (long)figures.Sum("telemetry.edge.connections"),
            DeadLetters = (long)PipelineTotals.DeadLetters(figures.Sum),
            Audit = figures.Sum(AuditMetrics.Comparisons) == 0 ? null : new PipelineAudit(
                figures.Sum(AuditMetrics.Age), (long)figures.Sum(AuditMetrics.Compared), (long)figures.Sum(AuditMetrics.Missing),
                (long)figures.Sum(AuditMetrics.Excess), (long)figures.Sum(AuditMetrics.Differing)),
            Duplicates = (long)figures.Sum("telemetry.storage.readings.duplicates"),
        };
    }

    /// <summary>A role that started again counts from zero; that is no negative rate.</summary>
    private static double Rate(double now, double before, double seconds) => Math.Max(0, now - before) / seconds;

    private sealed record Sample(
        long Timestamp, double Received, double Publishes, double Acked, double Stored, double RolledUp, double Anomalies,
        LatencyCounts Puback, LatencyCounts EndToEnd);
}
