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

    /// <exception cref="Streams.RecordLogException">The log did not take it.</exception>
    public static async Task AnnounceAsync(CatalogueDesk desk, SimulatorOptions fleet, CancellationToken cancellationToken)
    {
        await desk.Read.WaitAsync(cancellationToken);
        await desk.PutAsync(
            [.. FleetCatalogue.Of(fleet).Where(entry => !IsEdited(desk.Book, entry))], new CatalogueWrite(By, "the simulated fleet"), cancellationToken);
    }

    /// <summary>A pattern that people have changed or deleted is theirs.</summary>
    private static bool IsEdited(CatalogueBook book, CatalogueEntry entry) =>
        entry.Source == CatalogueSource.Pattern && book.Of(CatalogueName.Of(entry)) is { } now && now.By != By;
}
