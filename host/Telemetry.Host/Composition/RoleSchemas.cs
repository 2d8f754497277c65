using Telemetry.Bridge;
using Telemetry.Bridge.Commands;
using Telemetry.Bridge.Ingest;
using Telemetry.Host.Configuration;
using Telemetry.SchemaRegistry;
using Telemetry.SchemaRegistry.Resolution;

namespace Telemetry.Host.Composition;

/// <summary>The schemas the roles of this process write, and how their ids come to them.</summary>
internal static class RoleSchemas
{
    /// <summary>Null when no registry is configured: the released ids serve.</summary>
    public static async Task<SchemaDirectory?> OpenAsync(
        TelemetryOptions options, Roles roles, ILoggerFactory logging, CancellationToken cancellationToken) =>
        options.SchemaRegistry.Urls.Count == 0
            ? null
            : await SchemaDirectory.OpenAsync(
                options.SchemaRegistry, Written(roles, options.Bridge.WriteVersions), logging, TimeProvider.System, cancellationToken);

    /// <summary>The ids of the directory, in the settings of the roles.</summary>
    public static TelemetryOptions WithIds(TelemetryOptions options, SchemaDirectory? schemas) => schemas is null ? options : options with
    {
        Bridge = WithIds(options.Bridge, schemas),
        Processing = options.Processing with
        {
            AnomalySchemaId = schemas.IdOf(TopicSchema.Anomaly),
            IncidentSchemaId = schemas.IdOf(TopicSchema.Incident),
            DeviceEventSchemaId = schemas.IdOf(TopicSchema.DeviceEvent),
            DeadLetterSchemaId = schemas.IdOf(TopicSchema.DeadLetter),
        },
        Alarms = options.Alarms with
        {
            AlarmSchemaId = schemas.IdOf(TopicSchema.AlarmChange),
            DeadLetterSchemaId = schemas.IdOf(TopicSchema.DeadLetter),
        },
        Sink = options.Sink with { DeadLetterSchemaId = schemas.IdOf(TopicSchema.DeadLetter) },
        Query = options.Query with
        {
            DeviceCommandSchemaId = schemas.IdOf(TopicSchema.DeviceCommand),
            CatalogueSchemaId = schemas.IdOf(TopicSchema.CatalogueEntry),
        },
    };

    /// <summary>The bridge takes ids up as the registry gives them; the other writers at their next start.</summary>
    public static void Follow(SchemaDirectory? schemas, BridgeOptions options, ReadingIngest ingest, CommandDelivery commands) =>
        Follow(
            schemas,
            options,
            ids =>
            {
                ingest.UseSchemaIds(ids);
                commands.UseSchemaIds(ids);
            });

    /// <summary>As the other overload, for any part of the bridge.</summary>
    public static void Follow(SchemaDirectory? schemas, BridgeOptions options, Action<BridgeOptions> use)
    {
        if (schemas is null)
        {
            return;
        }

        void Use() => use(WithIds(options, schemas));

        schemas.IdChanged += (_, _) => Use();

        // What has changed between the start and now.
        Use();
    }

    private static BridgeOptions WithIds(BridgeOptions options, SchemaDirectory schemas) => options with
    {
        ReadingBatchSchemaId = schemas.IdOf(TopicSchema.ReadingBatch),
        ReadingBatchV2SchemaId = schemas.IdOf(TopicSchema.ReadingBatchV2),
        DeadLetterSchemaId = schemas.IdOf(TopicSchema.DeadLetter),
        CommandResultSchemaId = schemas.IdOf(TopicSchema.CommandResult),
        DeviceEventSchemaId = schemas.IdOf(TopicSchema.DeviceEvent),
        DeviceCommandSchemaId = schemas.IdOf(TopicSchema.DeviceCommand),
        CatalogueSchemaId = schemas.IdOf(TopicSchema.CatalogueEntry),
    };

    private static HashSet<TopicSchema> Written(Roles roles, WriteVersions versions)
    {
        var written = new HashSet<TopicSchema>();
        if ((roles & (Roles.Edge | Roles.Bridge)) != 0)
        {
            written.UnionWith(
                [TopicSchema.DeadLetter, TopicSchema.CommandResult, TopicSchema.DeviceEvent, TopicSchema.DeviceCommand, TopicSchema.CatalogueEntry]);
            if (versions.HasFlag(WriteVersions.V1))
            {
                written.Add(TopicSchema.ReadingBatch);
            }

            if (versions.HasFlag(WriteVersions.V2))
            {
                written.Add(TopicSchema.ReadingBatchV2);
            }
        }

        if (roles.HasFlag(Roles.Process))
        {
            written.UnionWith([TopicSchema.Anomaly, TopicSchema.Incident, TopicSchema.DeviceEvent, TopicSchema.DeadLetter]);
        }

        if (roles.HasFlag(Roles.Alarms))
        {
            written.UnionWith([TopicSchema.AlarmChange, TopicSchema.DeadLetter]);
        }

        if (roles.HasFlag(Roles.Store))
        {
            written.Add(TopicSchema.DeadLetter);
        }

        if (roles.HasFlag(Roles.Query))
        {
            written.UnionWith([TopicSchema.DeviceCommand, TopicSchema.CatalogueEntry]);
        }

        return written;
    }
}
