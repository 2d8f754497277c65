using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;
using Telemetry.Query.Catalogue;
using Telemetry.Simulator.Machines;
using Telemetry.Simulator.Options;

namespace Telemetry.Host.Composition;

/// <summary>Puts the catalogue of the simulated fleet onto the log: once, since what is there already is not written again.</summary>
internal static class SimulatedCatalogue
{
    private const string By = "simulator";

    /// <param name="desk">The catalogue.</param>
    /// <param name="fleet">The fleet; devices that are given a past are marked with its time.</param>
    /// <param name="now">When the fleet begins.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="Streams.RecordLogException">The log did not take it.</exception>
    public static async Task AnnounceAsync(CatalogueDesk desk, SimulatorOptions fleet, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await desk.Read.WaitAsync(cancellationToken);
        await desk.PutAsync(
            [.. FleetCatalogue.Of(fleet, now).Where(entry => !IsEdited(desk.Book, entry)).Select(entry => Keep(desk.Book, entry))], new CatalogueWrite(By, "the simulated fleet"), cancellationToken);
    }

    /// <summary>A past that was played at an earlier start is still there.</summary>
    private static CatalogueEntry Keep(CatalogueBook book, CatalogueEntry entry)
    {
        if (entry.Source == CatalogueSource.Device && !entry.Tags.ContainsKey(FleetCatalogue.HistoryTag)
            && book.Of(CatalogueName.Of(entry)) is { Deleted: false } before && before.Tags.TryGetValue(FleetCatalogue.HistoryTag, out var past))
        {
            entry.Tags[FleetCatalogue.HistoryTag] = past;
        }

        return entry;
    }

    /// <summary>A pattern that people have changed or deleted is theirs.</summary>
    private static bool IsEdited(CatalogueBook book, CatalogueEntry entry) =>
        entry.Source == CatalogueSource.Pattern && book.Of(CatalogueName.Of(entry)) is { } now && now.By != By;
}
