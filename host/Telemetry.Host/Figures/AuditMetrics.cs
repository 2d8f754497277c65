using System.Diagnostics.Metrics;
using Telemetry.Operations.Audit.Hourly;

namespace Telemetry.Host.Figures;

/// <summary>What the newest comparison of log and store found. Meter "Telemetry.Host".</summary>
internal sealed class AuditMetrics : IDisposable
{
    public const string Comparisons = "telemetry.audit.comparisons";
    public const string Age = "telemetry.audit.age";
    public const string Compared = "telemetry.audit.compared";
    public const string Missing = "telemetry.audit.missing";
    public const string Excess = "telemetry.audit.excess";
    public const string Differing = "telemetry.audit.hours_differing";

    private readonly Meter _meter = new("Telemetry.Host");
    private readonly Counter<long> _comparisons;
    private readonly TimeProvider _time;
    private volatile HourlyReport? _newest;
    private long _since;

    public AuditMetrics(TimeProvider time)
    {
        (_time, _since) = (time, time.GetTimestamp());
        _comparisons = _meter.CreateCounter<long>(Comparisons, "{comparison}", "Comparisons of log and store by hour since the start.");
        _meter.CreateObservableGauge(
            Age, () => _time.GetElapsedTime(Volatile.Read(ref _since)).TotalSeconds, "s", "Time since the newest comparison, or since the start.");
        _meter.CreateObservableGauge(Compared, () => _newest?.Compared ?? 0, "{reading}", "Readings on the log in the hours that the newest comparison covered.");
        _meter.CreateObservableGauge(Missing, () => _newest?.Missing ?? 0, "{reading}", "Of these, readings that are not stored or not in the hourly rollup.");
        _meter.CreateObservableGauge(Excess, () => _newest?.Excess ?? 0, "{reading}", "Readings stored or rolled up in these hours that are not on the log, or twice.");
        _meter.CreateObservableGauge(Differing, () => _newest?.Differences.Count ?? 0, "{hour}", "Hours in which count or sum differ.");
    }

    /// <summary>A run that compared; one that did not leaves the figures and lets their age grow.</summary>
    public void Take(HourlyReport report)
    {
        _newest = report;
        Volatile.Write(ref _since, _time.GetTimestamp());
        _comparisons.Add(1);
    }

    public void Dispose() => _meter.Dispose();
}
