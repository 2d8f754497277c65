using System.Diagnostics.Metrics;

namespace Telemetry.SchemaRegistry;

/// <summary>Figures of one schema directory.</summary>
internal sealed class RegistryMetrics : IDisposable
{
    private readonly Meter _meter = new("Telemetry.SchemaRegistry");
    private readonly Counter<long> _asked;

    public RegistryMetrics(Func<int> provisional, Func<int> undecided)
    {
        _asked = _meter.CreateCounter<long>(
            "telemetry.schemas.requests", "{request}", "Questions to the schema registry by outcome: answered, denied, failed, refused (not asked in a pause).");
        _meter.CreateObservableGauge(
            "telemetry.schemas.provisional", provisional, "{schema}", "Schemas written with a provisional id because the registry has given none.");
        _meter.CreateObservableGauge(
            "telemetry.schemas.undecided", undecided, "{schema}", "Schema ids met whose meaning the registry has not told yet.");
    }

    public void Asked(string outcome) => _asked.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Dispose() => _meter.Dispose();
}
