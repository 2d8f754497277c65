using Telemetry.Edge.Sockets;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.SchemaRegistry.Resolution;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Schema;
using Telemetry.Streams;
using Telemetry.Streams.StoreAndForward;

namespace Telemetry.Host.Composition;

/// <summary>What the modules of one process share: settings, the log, the store, schemas, clock and logging.</summary>
internal sealed class PlatformServices : IAsyncDisposable
{
    private IRecordLog? _sessionLog;

    private PlatformServices(TelemetryOptions options, Roles roles, IRecordLog log, HostLogging logging)
    {
        (Options, Roles, Log, Logging) = (options, roles, log, logging);
        Logger = logging.CreateLogger<Platform>();
        Dependencies = new DependencyWait(Logger, Time);
    }

    /// <summary>All settings, with the ids that the schema registry gave.</summary>
    public TelemetryOptions Options { get; private set; }

    /// <summary>Roles of this process.</summary>
    public Roles Roles { get; }

    public IRecordLog Log { get; }

    /// <summary>The journal in front of the log; null where records go to the log at once.</summary>
    public StoreAndForwardLog? Forward { get; private set; }

    /// <summary>Where the broker keeps sessions and retained messages: the log, or beside store and forward a journal that is always there.</summary>
    public IRecordLog SessionLog => _sessionLog ?? Log;

    /// <summary>True: other edge processes share the sessions.</summary>
    public bool SharesSessions => Options.IsKafka && _sessionLog is null;

    /// <summary>The store; null where no role needs one.</summary>
    public IClickHouse? ClickHouse { get; private set; }

    /// <summary>Null when no registry is configured: the released ids serve.</summary>
    public SchemaDirectory? Schemas { get; private set; }

    /// <summary>The sockets that clients of this process may hold, on all its listeners together.</summary>
    public SocketBudget Sockets { get; private set; } = null!;

    public HostLogging Logging { get; }

    public ILogger Logger { get; }

    public TimeProvider Time { get; } = TimeProvider.System;

    /// <summary>Waits for what is not reachable yet, and tells what it waits for.</summary>
    public DependencyWait Dependencies { get; }

    /// <summary>Opens the log and, where a role needs them, store and schemas. A cluster or a server is not asked yet.</summary>
    /// <exception cref="RecordLogException">The journal is damaged or another process has it.</exception>
    /// <exception cref="ClickHouseException">The engine does not start.</exception>
    /// <exception cref="IOException">The data directory cannot be written, or a password file not read.</exception>
    public static async Task<PlatformServices> OpenAsync(
        TelemetryOptions options, Roles roles, HostLogging logging, CancellationToken cancellationToken)
    {
        var needsStore = (roles & (Roles.Store | Roles.Query)) != 0;
        var embedded = needsStore && options.ClickHouse.Endpoint is null;
        if (!options.IsKafka || embedded)
        {
            new DataDirectory(options.Data).Create(journal: !options.IsKafka, clickHouse: embedded);
        }

        var services = new PlatformServices(options, roles, RecordLogs.Open(options, logging), logging);
        try
        {
            services.Forward = await Forwarding.OpenAsync(options, roles, logging);
            services._sessionLog = services.Forward is null ? null : await Forwarding.OpenSessionsAsync(options, roles, logging);
            services.ClickHouse = needsStore ? await Stores.OpenAsync(options, logging, cancellationToken) : null;
            services.Schemas = await RoleSchemas.OpenAsync(options, roles, logging, cancellationToken);
            services.Options = RoleSchemas.WithIds(options, services.Schemas);
            services.Sockets = SocketBudget.OfProcess(options.ReservedFiles, logging, services.Time);
            return services;
        }
        catch
        {
            await services.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for a cluster and a server that are not there yet, then makes the topics and tables that are missing.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (Forward is null || !Options.IsKafka || (Roles & ~Forwarding.Intake) != 0)
        {
            await Dependencies.RunAsync(
                RecordLogs.Describe(Options), token => Log.EnsureTopicsAsync(Topics.Catalogue(Options.Log), token), cancellationToken);
        }

        if (ClickHouse is not null)
        {
            await Dependencies.RunAsync(
                Stores.Describe(Options),
                token => SchemaMigrator.ApplyAsync(ClickHouse, Options.Schema, Logging, Time, token),
                cancellationToken);
        }
    }

    /// <summary>A producer of what devices send: to the log, or to the journal in front of it.</summary>
    public IRecordProducer CreateIntakeProducer() => Forward?.CreateProducer(new ProducerOptions()) ?? Log.CreateProducer(new ProducerOptions());

    /// <summary>A transactional id of this process: on a cluster several instances run; in the journal the id alone fences a former process.</summary>
    public string TransactionalId(string id) => Options.IsKafka ? $"{id}-{InstanceName.Of(Options)}" : id;

    public async ValueTask DisposeAsync()
    {
        Sockets?.Dispose();
        if (Forward is not null)
        {
            await Forward.DisposeAsync();
        }

        if (_sessionLog is not null)
        {
            await _sessionLog.DisposeAsync();
        }

        await Log.DisposeAsync();
        if (ClickHouse is not null)
        {
            await ClickHouse.DisposeAsync();
        }

        if (Schemas is not null)
        {
            await Schemas.DisposeAsync();
        }
    }
}
