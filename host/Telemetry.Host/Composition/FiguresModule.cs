using Telemetry.Host.Metrics;
using Telemetry.Query.Health;
using Telemetry.Storage.Sink;

namespace Telemetry.Host.Composition;

/// <summary>The pipeline's figures: sampled each second for API, live view and report, and its lag as metrics.</summary>
internal sealed class FiguresModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly Func<IReadOnlyList<SinkProgress>> _progress;
    private readonly PeerFigures? _peers;
    private readonly LagMetrics _metrics;
    private LagMonitor? _monitor;

    /// <param name="services">What the modules share.</param>
    /// <param name="modules">The modules whose figures these are; filled after the construction.</param>
    /// <param name="metrics">Every metric of this process.</param>
    public FiguresModule(PlatformServices services, IReadOnlyList<RoleModule> modules, MetricsRegistry metrics)
        : base("figures")
    {
        _services = services;
        _progress = () => modules.OfType<StoreModule>().FirstOrDefault()?.Progress ?? [];
        IPipelineFigures figures = new LocalFigures(metrics, modules);
        if (services.Roles.HasFlag(Roles.Query) && services.Options.Http.Peers.Count > 0)
        {
            _peers = new PeerFigures(services.Options.Http.Peers);
            figures = new CombinedFigures(figures, _peers);
        }

        Sampler = new PipelineSampler(figures, services.Roles, services.Logger, services.Time);
        _metrics = new LagMetrics(() => Sampler.Health.Lag);
    }

    /// <summary>Rates, lag and latencies.</summary>
    public PipelineSampler Sampler { get; }

    /// <inheritdoc/>
    public override IEnumerable<string> NotReady => Sampler.Problem is { } problem ? ["figures cannot be had: " + problem] : [];

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Sampler.Start();
        _monitor = LagMonitor.Start(
            _services.Log, _services.Options, _services.Roles, _progress, _services.Logger, _services.Time);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await Sampler.DisposeAsync();
        if (_monitor is not null)
        {
            await _monitor.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        _metrics.Dispose();
        _peers?.Dispose();
        await base.DisposeAsync();
    }
}
