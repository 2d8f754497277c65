using Telemetry.Bridge.DeadLetters;
using Telemetry.Contracts.Readings;
using Telemetry.Host.Deletion;
using Telemetry.Host.Detection;
using Telemetry.Host.Operations;
using Telemetry.Query;
using Telemetry.Query.Catalogue;
using Telemetry.Query.Health;
using Telemetry.Query.Setup;

namespace Telemetry.Host.Composition;

/// <summary>HTTP API, live stream and console, and the count of dead letters that wait for somebody.</summary>
internal sealed class QueryModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly QueryRole _query;
    private readonly DetectorDesk _detectors;
    private readonly OperationsDesk _operations;
    private readonly CancellationTokenSource _stopping = new();
    private readonly DeadLetterDepth _deadLetters;
    private Task _loop = Task.CompletedTask;

    /// <param name="services">What the modules share.</param>
    /// <param name="health">The pipeline's figures, for the API.</param>
    /// <param name="store">Storage of this process; null: none runs here. Asked when something needs it.</param>
    public QueryModule(PlatformServices services, IPipelineHealth health, Func<StoreModule?> store)
        : base("query")
    {
        _services = services;
        var options = services.Options;
        _detectors = new DetectorDesk(
            services.Log, services.ClickHouse!, options.Processing, services.Logging.CreateLogger<DetectorDesk>(), services.Time);
        _operations = new OperationsDesk(
            services.Log,
            services.ClickHouse!,
            services.Schemas ?? (IReadingSchemas)ReleasedReadingSchemas.Instance,
            options,
            ConsumerGroups.Of(options, Roles.All),
            services.Roles.HasFlag(Roles.Store) && !options.IsKafka
                ? async (work, token) =>
                {
                    var module = store() ?? throw new IOException("The platform is starting.");
                    await module.StandStillAsync(async () => await work(await module.QueryStoredAsync(token)), token);
                }
                : null,
            services.Logging,
            services.Time);
        _query = new QueryRole(new QueryServices
        {
            ClickHouse = services.ClickHouse!,
            Log = services.Log,
            Health = health,
            Detectors = _detectors,
            Operations = _operations,
            Options = options.Query,
            Logging = services.Logging,
        });
        _deadLetters = new DeadLetterDepth(services.Log, services.Time, services.Logging.CreateLogger<DeadLetterDepth>());
    }

    /// <summary>The catalogue, to write what a simulated fleet is.</summary>
    public CatalogueDesk Catalogue => _query.Catalogue!;

    /// <summary>Orders deletions.</summary>
    /// <param name="edge">The broker of this process; null: it has none.</param>
    public DeletionDesk CreateDeletionDesk(EdgeModule? edge) => new(
        _services.Log, _services.SessionLog, _services.ClickHouse!, _query, edge is { FollowsLog: false } ? edge.DropUnder : null, _services.Time);

    /// <inheritdoc/>
    public override void AddServices(IServiceCollection services) => services.AddTelemetryApi();

    /// <inheritdoc/>
    public override void Map(WebApplication application) => application.MapTelemetryApi(_query);

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RunOnOwnThreadsAsync(() =>
        {
            _loop = _query.RunAsync(_stopping.Token);
            return Task.CompletedTask;
        });
        _deadLetters.Start();
        _detectors.Start();
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _deadLetters.DisposeAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>On a cluster: of the groups whose roles run in other processes, where those do not tell it themselves.</summary>
    public override async ValueTask<IReadOnlyList<PipelineLag>> QueryLagAsync(CancellationToken cancellationToken)
    {
        var (options, roles) = (_services.Options, _services.Roles);
        var lags = new List<PipelineLag>();
        if (options.IsKafka && !roles.HasFlag(Roles.Process))
        {
            lags.AddRange(await GroupLags.QueryAsync(_services.Log, options.Processing.Group, cancellationToken));
        }

        if (options.IsKafka && !roles.HasFlag(Roles.Store) && options.Http.Peers.Count == 0)
        {
            lags.AddRange(await GroupLags.QueryAsync(_services.Log, options.Sink.Group, cancellationToken));
        }

        return lags;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _query.DisposeAsync();
        await _detectors.DisposeAsync();
        _operations.Dispose();
        _stopping.Dispose();
        await base.DisposeAsync();
    }
}
