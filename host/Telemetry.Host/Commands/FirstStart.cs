using Telemetry.Host.Configuration;
using Telemetry.Simulator.Options;

namespace Telemetry.Host.Commands;

/// <summary>What the first start of <c>up</c> does more than later ones.</summary>
internal static class FirstStart
{
    private static readonly TimeSpan Past = TimeSpan.FromHours(6);

    /// <summary>
    /// The fleet; with some hours of past when nothing says otherwise, the run has no given length, and no fleet has run in this data directory: the console then opens on a
    /// picture with data in it.
    /// </summary>
    public static SimulatorOptions WithPast(TelemetryOptions options, UpSettings settings)
    {
        var fleet = options.Simulator;
        return fleet.History is null && settings.Duration is null && !HasRun(fleet.LedgerDirectory) ? fleet with { History = Past } : fleet;
    }

    private static bool HasRun(string ledger) => Directory.Exists(ledger) && Directory.EnumerateFileSystemEntries(ledger).Any();
}
