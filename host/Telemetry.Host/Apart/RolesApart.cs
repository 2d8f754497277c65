using System.Globalization;
using System.Text.Json;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Figures;
using Telemetry.Host.Views;

namespace Telemetry.Host.Apart;

/// <summary>
/// The platform as one process for each role on this machine: started together (each waits for what it needs), watched, and
/// stopped from the outside in.
/// </summary>
internal sealed class RolesApart : IAsyncDisposable
{
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(3);

    private readonly TelemetryOptions _options;
    private readonly ILogger _logger;
    private readonly HttpClient _http = new() { Timeout = AskTimeout };
    private readonly PeerFigures _figures;
    private readonly Lock _writing = new();
    private bool _ready;

    private RolesApart(TelemetryOptions options, RolePlan plan, ILogger logger)
    {
        (_options, _logger, Plan) = (options, logger, plan);
        _figures = new PeerFigures(plan.Roles.Where(r => r.Http is not null).Select(r => r.Http!));
        Sampler = new PipelineSampler(_figures, RoleNames.Of(Composition.Roles.All), logger, TimeProvider.System);
        Roles = [.. plan.Roles.Select(spec => new SupervisedRole(
            spec, _http, line => HostLog.RoleSaid(logger, spec.Name, line), WriteInstance, logger))];
    }

    public RolePlan Plan { get; }

    public IReadOnlyList<SupervisedRole> Roles { get; } = [];

    public PipelineSampler Sampler { get; }

    /// <summary>Counters since the start, over all processes.</summary>
    public IPipelineFigures Figures => _figures;

    /// <exception cref="ConfigurationException">A role cannot run with these settings; its words are in the message.</exception>
    public static async Task<RolesApart> StartAsync(
        TelemetryOptions options, RolePlan plan, ILogger logger, CancellationToken cancellationToken)
    {
        var apart = new RolesApart(options, plan, logger);
        try
        {
            apart.Sampler.Start();
            await apart.WaitUntilReadyAsync(cancellationToken);
            apart._ready = true;
            apart.WriteInstance();
            return apart;
        }
        catch
        {
            using var limit = new CancellationTokenSource(options.ShutdownTimeout / 4);
            await apart.StopAsync(drain: false, limit.Token);
            await apart.DisposeAsync();
            throw;
        }
    }

    public PlatformLook Look() => new(
        Plan.QueryAddress,
        Plan.EdgeAddress,
        Sampler.Health,
        [.. Roles.Where(r => r.NotReady is not null).Select(r => $"{r.Spec.Name}: {r.NotReady}")],
        [.. Roles.Select(Describe)]);

    /// <summary>Intake first, then processing, storage, API and the engine; each takes what the one before has left.</summary>
    /// <param name="drain">True: first everything that is on the log is taken.</param>
    /// <param name="cancellationToken">The time for stopping is over: processes that are left are killed.</param>
    public async Task StopAsync(bool drain, CancellationToken cancellationToken)
    {
        foreach (var role in RolePlan.StopOrder)
        {
            await Task.WhenAll(Roles.Where(r => r.Spec.Role == role).Select(
                r => r.StopAsync(drain, _options.ShutdownTimeout * 2, cancellationToken)));
            if (drain && role == RolePlan.Intake)
            {
                await WaitUntilStoredAsync(_options.ShutdownTimeout / 2, cancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Sampler.DisposeAsync();
        foreach (var role in Roles)
        {
            await role.DisposeAsync();
        }

        _figures.Dispose();
        _http.Dispose();
        InstanceFile.Delete(_options);
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        var ready = Task.WhenAll(Roles.Select(r => r.Ready)).WaitAsync(cancellationToken);
        var unusable = Task.WhenAny(Roles.Select(r => r.Unusable));
        if (await Task.WhenAny(ready, unusable) == unusable)
        {
            var role = Roles.First(r => r.Unusable.IsCompleted);
            throw new ConfigurationException([new ConfigurationError(role.Spec.Name, null, await role.Unusable, "its process")]);
        }

        await ready;
    }

    /// <summary>
    /// Waits until no group is behind. The processes drain by themselves when they stop; but what they count meanwhile could not
    /// be read from them any more.
    /// </summary>
    private async Task WaitUntilStoredAsync(TimeSpan deadline, CancellationToken cancellationToken)
    {
        var since = TimeProvider.System.GetTimestamp();
        var first = Sampler.Taken + 2; // The sample under way may have asked before intake ended.
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (Sampler.Taken < first || Sampler.Health.Lag.Any(l => l.Records > 0))
        {
            if (TimeProvider.System.GetElapsedTime(since) > deadline || cancellationToken.IsCancellationRequested)
            {
                HostLog.DrainTimedOut(_logger, deadline.TotalSeconds);
                return;
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private void WriteInstance()
    {
        lock (_writing)
        {
            var file = new DataDirectory(_options.Data).Instance;
            File.WriteAllText(file + ".new", JsonSerializer.Serialize(new
            {
                pid = Environment.ProcessId,
                http = Plan.QueryAddress,
                mqtt = Plan.EdgeAddress,
                clickhouse = Plan.ClickHouse.ToString(),
                ready = _ready,
                roles = Roles.Select(r => new { name = r.Spec.Name, role = r.Spec.Role, pid = r.ProcessId, http = r.Spec.Http?.ToString(), restarts = r.Restarts }),
            }));
            File.Move(file + ".new", file, overwrite: true);
        }
    }

    private static string Describe(SupervisedRole role) => string.Create(
        CultureInfo.InvariantCulture,
        $"{role.Spec.Name} pid {role.ProcessId?.ToString(CultureInfo.InvariantCulture) ?? "-"} {role.Spec.Http ?? role.Spec.Ready}{(role.Restarts > 0 ? $" started again {role.Restarts} times" : "")}");
}
