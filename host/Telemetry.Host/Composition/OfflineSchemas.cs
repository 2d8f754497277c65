using Telemetry.Host.Configuration;
using Telemetry.SchemaRegistry.Resolution;
using Telemetry.SchemaRegistry.Cache;

namespace Telemetry.Host.Composition;

/// <summary>
/// Schema ids for commands that write the log or the store while the platform is stopped. They must use the ids that the platform used: from
/// the registry that is configured, else from the one whose cache lies in the data directory.
/// </summary>
internal static class OfflineSchemas
{
    /// <summary>Null when neither names a registry: the released ids serve.</summary>
    public static Task<SchemaDirectory?> OpenAsync(
        TelemetryOptions options, Roles roles, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        if (options.SchemaRegistry.Urls.Count == 0
            && options.SchemaRegistry.CacheDirectory is { Length: > 0 } directory
            && CachedRegistries.FindNewest(directory) is { } registry)
        {
            options = options with { SchemaRegistry = options.SchemaRegistry with { Urls = [registry] } };
        }

        return RoleSchemas.OpenAsync(options, roles, logging, cancellationToken);
    }
}
