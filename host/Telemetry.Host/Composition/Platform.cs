using System.Net;
using Telemetry.Contracts.Measurement;
using Telemetry.Host.Configuration;
using Telemetry.Host.Figures;
using Telemetry.Host.Logging;
using Telemetry.Observability;
using Telemetry.Observability.Metrics;
using Telemetry.Query.Catalogue;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>
/// The chosen roles of one process, as a list of modules over one log and one store. They start from the inside out and stop
/// from the outside in: intake first, then draining with a deadline, then the rest.
/// </summary>
internal sealed class Platform : IAsyncDisposable
{
    private readonly PlatformServices _services;
    private readonly Instrumentation _instrumentation;

    /// <summary>In the order of their start; the reverse is the order of their stop.</summary>
    private readonly List<RoleModule> _modules = [];

    private readonly FiguresModule _figures;
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebServer? _web;
    private volatile bool _started;
    private bool _stopped;

    private Platform(PlatformServices services, Instrumentation instrumentation)
    {
        (_services, _instrumentation) = (services, instrumentation);
        _figures = new FiguresModule(services, _modules, instrumentation.Figures);
        _modules.Add(_figures);
        if (services.Forward is null)
        {
            // Behind store and forward the log may be away for days: there the file is all.
            _modules.Add(new AuditModule(services));
        }

        if (services.ClickHouse is EmbeddedClickHouse engine && services.Options.ClickHouseServer.Port is not null)
        {
            _modules.Add(new EngineServerModule(services, engine));
        }

        Add(Roles.Query, () => new QueryModule(services, Sampler, () => _modules.OfType<StoreModule>().FirstOrDefault()));
        if (services.Roles.HasFlag(Roles.Store))
        {
            var store = new StoreModule(services);
            _modules.Add(new SnapshotModule(services, store));
            _modules.Add(store);
        }

        if (services.Roles.HasFlag(Roles.Query) && services.Options.Audit.Interval > TimeSpan.Zero)
        {
            _modules.Add(new HourlyAuditModule(services));
        }

        Add(Roles.Alarms, () => new AlarmsModule(services));
        Add(Roles.Process, () => new ProcessModule(services));

        // The Sparkplug host needs the log at every moment; behind store and forward another edge is the host.
        var sparkplug = services.Roles.HasFlag(Roles.Edge) && services.Options.Bridge.Sparkplug.Enabled && services.Forward is null
            ? new SparkplugModule(services)
            : null;
        if (sparkplug is not null)
        {
            _modules.Add(sparkplug);
        }

        if (services.Forward is not null)
        {
            _modules.Add(new ForwardModule(services, services.Forward));
        }

        Add(Roles.Edge, () => new EdgeModule(services, sparkplug?.Host));
        if (services.Roles.HasFlag(Roles.Bridge) || (services.Roles == Roles.All && services.Options.Upstream.Broker.Length > 0))
        {
            _modules.Add(new BridgeModule(services));
        }
    }

    public ILogger Logger => _services.Logger;

    /// <summary>Totals that this process has counted.</summary>
    public FigureReader Figures => _instrumentation.Figures;

    /// <summary>Rates, lag and latencies.</summary>
    public PipelineSampler Sampler => _figures.Sampler;

    /// <summary>Device clock to queryable row since the start; null where no store runs.</summary>
    public LatencyHistogram? EndToEnd => _modules.Select(m => m.EndToEnd).FirstOrDefault(h => h is not null);

    /// <summary>The catalogue; null where no API runs.</summary>
    public CatalogueDesk? Catalogue => _modules.OfType<QueryModule>().FirstOrDefault()?.Catalogue;

    /// <summary>Where HTTP is served; null before the start.</summary>
    public IPEndPoint? Http => _web?.Http;

    /// <summary>Where the embedded engine is served; null when it is not.</summary>
    public IPEndPoint? ClickHouseHttp => Address<EngineServerModule>();

    /// <summary>Where MQTT is served; null without the edge role.</summary>
    public IPEndPoint? Mqtt => Address<EdgeModule>();

    /// <summary>Completes with the cause when the process cannot go on and must be restarted.</summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>
    /// Serves health and metrics at once, waits for a cluster and a server that are not there yet, and starts the modules.
    /// </summary>
    /// <exception cref="OperationCanceledException">Stopped while waiting.</exception>
    public static async Task<Platform> StartAsync(
        TelemetryOptions options, Roles roles, Instrumentation instrumentation, HostLogging logging, CancellationToken cancellationToken)
    {
        var services = await PlatformServices.OpenAsync(options, roles, logging, cancellationToken);
        Platform platform;
        try
        {
            platform = new Platform(services, instrumentation);
        }
        catch
        {
            await services.DisposeAsync();
            throw;
        }

        try
        {
            await platform.StartModulesAsync(cancellationToken);
            return platform;
        }
        catch
        {
            await platform.DisposeAsync();
            throw;
        }
    }

    /// <summary>Why the process is not ready to serve; empty when it is.</summary>
    public IReadOnlyList<string> NotReady()
    {
        var reasons = new List<string>();
        if (_stopped)
        {
            reasons.Add("stopping");
        }
        else if (!_started)
        {
            reasons.Add(_services.Dependencies.Waiting ?? "starting");
        }

        if (Failed.IsCompleted)
        {
            reasons.Add("the log, processing or storage has failed; the process ends");
        }

        if (_started)
        {
            reasons.AddRange(_modules.SelectMany(m => m.NotReady));
        }

        return reasons;
    }

    /// <summary>
    /// Somebody watches, on a terminal or for a report: the store keeps the pace it has for readers, so that the latency shown is theirs
    /// (<see cref="Storage.SinkOptions.UnreadAfter"/>).
    /// </summary>
    /// <param name="cancellationToken">Ends it; the task then ends as cancelled.</param>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _services.Time);
        do
        {
            _services.ClickHouse?.NoteReader();
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>Stops intake, drains if asked to, then stops everything else and at last HTTP.</summary>
    /// <param name="drain">True: waits for what is on the log, no longer than the shutdown timeout.</param>
    /// <param name="cancellationToken">The deadline of all of it.</param>
    public async Task StopAsync(bool drain, CancellationToken cancellationToken)
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        foreach (var module in _modules.AsEnumerable().Reverse())
        {
            if (drain && _started && module is not (EdgeModule or BridgeModule))
            {
                drain = false;
                await DrainAsync(cancellationToken);
            }

            await StopAsync(module, cancellationToken);
        }

        if (_web is not null)
        {
            await _web.StopAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(_services.Options.ShutdownTimeout);
        await StopAsync(drain: false, limit.Token);
        foreach (var module in _modules.AsEnumerable().Reverse())
        {
            await module.DisposeAsync();
        }

        if (_web is not null)
        {
            await _web.DisposeAsync();
        }

        await _services.DisposeAsync();
    }

    private void Add(Roles role, Func<RoleModule> create)
    {
        if (_services.Roles.HasFlag(role))
        {
            _modules.Add(create());
        }
    }

    private IPEndPoint? Address<TModule>()
        where TModule : RoleModule => _modules.OfType<TModule>().FirstOrDefault()?.Address;

    private async Task StartModulesAsync(CancellationToken cancellationToken)
    {
        _web = await WebServer.StartAsync(
            _services.Options, _services.Sockets, _modules, _instrumentation, NotReady, _services.Logging,
            _services.Roles.HasFlag(Roles.Alarms) ? _services.Options.Alarms.Grpc.Port : null, cancellationToken,
            log: _services.Roles.HasFlag(Roles.Query) ? _services.Log : null);
        await _services.PrepareAsync(cancellationToken);
        _ = FailWithAsync(_services.Log.Failed);
        _ = FailWithAsync(_services.Forward?.Failed ?? new TaskCompletionSource<Exception>().Task);

        // Detection first: it restores its state on its own threads, and needs neither the store nor the modules around it to do so.
        foreach (var module in _modules.OrderByDescending(static module => module is ProcessModule))
        {
            await module.StartAsync(cancellationToken);
            _ = FailWithAsync(module.Completion);
        }

        _started = true;
        HostLog.Started(Logger, _services.Roles.ToString(), Http?.ToString() ?? "none", Mqtt?.ToString() ?? "none");
    }

    /// <summary>What no retry can mend ends the process; its supervisor starts it again and recovery does the rest.</summary>
    private async Task FailWithAsync(Task<Exception> failed) => _failed.TrySetResult(await failed);

    private async Task FailWithAsync(Task completion)
    {
        await completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (completion.Exception is { } exception)
        {
            _failed.TrySetResult(exception.GetBaseException());
        }
    }

    /// <summary>
    /// All modules at once, and then twice more: what the Sparkplug host has written in the meantime is processed, and what processing has written is stored too.
    /// </summary>
    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        // The rest of the time is for closing.
        var deadline = _services.Options.ShutdownTimeout * 3 / 4;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        try
        {
            for (var round = 0; round < 3; round++)
            {
                await Task.WhenAll(_modules.Select(m => m.DrainAsync(limit.Token)));
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            HostLog.DrainTimedOut(Logger, deadline.TotalSeconds);
        }
        catch (RecordLogException e) when (e.IsTransient)
        {
            HostLog.DrainFailed(Logger, e);
        }
    }

    /// <summary>One module that does not stop in good order does not keep the others from it.</summary>
    private async Task StopAsync(RoleModule module, CancellationToken cancellationToken)
    {
        try
        {
            await module.StopAsync(cancellationToken);
        }
        catch (Exception e)
        {
            HostLog.StopFailed(Logger, module.Name, e);
        }
    }
}
