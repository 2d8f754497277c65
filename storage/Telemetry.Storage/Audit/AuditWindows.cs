using Telemetry.Contracts.Measurement;
using Telemetry.Storage.Horizon;

namespace Telemetry.Storage.Audit;

/// <summary>From the store's horizon to what can be compared.</summary>
public static class AuditWindows
{
    /// <summary>The window of a horizon.</summary>
    public static AuditWindow Of(StoreHorizon horizon) => new(
        horizon.CompleteFromMicroseconds(StoreTable.Raw),
        new[] { StoreTable.Minute, StoreTable.Hour, StoreTable.Day }.ToDictionary(t => t.Name(), horizon.CompleteFromMicroseconds))
    {
        Fleets = horizon.FleetsFrom is { } fleets ? UnixMicros.From(fleets) : null,
    };
}
