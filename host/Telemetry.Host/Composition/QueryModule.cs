using Telemetry.Bridge.DeadLetters;
using Telemetry.Host.Detection;
using Telemetry.Query;
using Telemetry.Query.Health;
using Telemetry.Query.Setup;

namespace Telemetry.Host.Composition;

/// <summary>HTTP API, live stream and console, and the count of dead letters that wait for somebody.</summary>
internal sealed class QueryModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly QueryRole _query;
    private readonly DetectorDesk _detectors;
    private readonly CancellationTokenSource _stopping = new();
    private readonly DeadLetterDepth _deadLetters;
    private Task _loop = Task.CompletedTask;

    /// <param name="services">What the modules share.</param>
    /// <param name="health">The pipeline's figures, for the API.</param>
    public QueryModule(PlatformServices services, IPipelineHealth health)
        : base("query")
    {
        _services = services;
        var options = services.Options;
        _detectors = new DetectorDesk(
            services.Log, services.ClickHouse!, options.Processing, services.Logging.CreateLogger<DetectorDesk>(), services.Time);
        _query = new QueryRole(new QueryServices
        {
            ClickHouse = services.ClickHouse!,
            Log = services.Log,
            Health = health,
            Detectors = _detectors,
            Options = options.Query,
            Logging = services.Logging,
        });
        _deadLetters = new DeadLetterDepth(services.Log, services.Time, services.Logging.CreateLogger<DeadLetterDepth>());
    }

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
        _stopping.Dispose();
        await base.DisposeAsync();
    }
}
