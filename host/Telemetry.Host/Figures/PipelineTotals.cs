namespace Telemetry.Host.Figures;

/// <summary>Totals that several roles count a part of.</summary>
internal static class PipelineTotals
{
    private static readonly string[] Answered =
    [
        "telemetry.bridge.readings.stored", "telemetry.bridge.readings.rejected", "telemetry.bridge.publishes.rejected",
    ];

    private static readonly string[] Letters =
    [
        "telemetry.bridge.publishes.rejected", "telemetry.bridge.readings.rejected",
        "telemetry.processing.records.dead_lettered", "telemetry.storage.dead_letters",
    ];

    /// <summary>Readings that came in and were answered: stored, or refused. A publish refused whole counts as one, as nobody could read it.</summary>
    public static double ReadingsReceived(Func<string, double> sum) => Answered.Sum(sum);

    /// <summary>What was dead-lettered, wherever: at the edge of the platform, by processing, and on the way into the store.</summary>
    public static double DeadLetters(Func<string, double> sum) => Letters.Sum(sum);
}
