using Telemetry.Host.Figures;
using Telemetry.Observability.Lag;
using Telemetry.Observability.Metrics;

namespace Telemetry.Host.Composition;

/// <summary>The pipeline's figures: sampled each second for API, live view and report, and its lag as metrics.</summary>
internal sealed class FiguresModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly Func<IReadOnlyList<StoredProgress>> _progress;
    private readonly PeerFigures? _peers;
    private readonly LagMetrics _metrics;
    private LagMonitor? _monitor;

    /// <param name="services">What the modules share.</param>
    /// <param name="modules">The modules whose figures these are; filled after the construction.</param>
    /// <param name="reader">The figures this process has counted.</param>
    public FiguresModule(PlatformServices services, IReadOnlyList<RoleModule> modules, FigureReader reader)
        : base("figures")
    {
        _services = services;
        _progress = () => modules.OfType<StoreModule>().FirstOrDefault()?.Progress ?? [];
        IPipelineFigures figures = new LocalFigures(reader, modules);
        if (services.Roles.HasFlag(Roles.Query) && services.Options.Http.Peers.Count > 0)
        {
            _peers = new PeerFigures(services.Options.Http.Peers, services.Options.Access.MetricsTokenFile);
            figures = new CombinedFigures(figures, _peers);
        }

        Sampler = new PipelineSampler(figures, RoleNames.Of(services.Roles), services.Logger, services.Time);
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
        var options = _services.Options;
        var groups = ConsumerGroups.Of(options, ConsumerGroups.Measured(options.Lag.Scope, _services.Roles));
        if (groups.Count > 0)
        {
            _monitor = LagMonitor.Start(
                new LagSampler(_services.Log, groups, _progress, options.Lag.AllowedDelay, _services.Time),
                options.Lag.SampleInterval, _services.Logger, _services.Time);
        }

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
