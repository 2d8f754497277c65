namespace Telemetry.Observability.Metrics;

/// <summary>What our meters and activity sources have in common.</summary>
public static class MeterNames
{
    /// <summary>Their names begin so.</summary>
    public const string Prefix = "Telemetry.";
}
