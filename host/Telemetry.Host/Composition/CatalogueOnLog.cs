using Telemetry.Host.Configuration;
using Telemetry.Query.Catalogue;

namespace Telemetry.Host.Composition;

/// <summary>The catalogue on the log itself, for who runs beside the platform on a cluster.</summary>
internal static class CatalogueOnLog
{
    /// <summary>Opens the log, reads the catalogue to its end, and lets it be worked on.</summary>
    /// <exception cref="Streams.RecordLogException">The log does not answer.</exception>
    public static async Task RunAsync(
        TelemetryOptions options, ILoggerFactory logging, Func<CatalogueDesk, Task> work, CancellationToken cancellationToken)
    {
        await using var schemas = await OfflineSchemas.OpenAsync(options, Roles.Query, logging, cancellationToken);
        var query = RoleSchemas.WithIds(options, schemas).Query;
        await using var log = RecordLogs.Open(options, logging);
        await log.EnsureTopicsAsync(Topics.Catalogue(options.Log), cancellationToken);
        await using var desk = new CatalogueDesk(log, query.CatalogueBytesMax, query.CatalogueSchemaId, TimeProvider.System, logging.CreateLogger<CatalogueDesk>());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var following = desk.RunAsync(stop.Token);
        try
        {
            await desk.Read.WaitAsync(cancellationToken);
            await work(desk);
        }
        finally
        {
            await stop.CancelAsync();
            await following;
        }
    }
}
