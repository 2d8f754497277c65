using Telemetry.Alarms;
using Telemetry.Alarms.Streaming;
using Telemetry.Contracts;
using Telemetry.Query.Health;

namespace Telemetry.Host.Composition;

/// <summary>Alarms: from incidents, rules over readings and what persons want to states of alarms on the log.</summary>
internal sealed class AlarmsModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly AlarmsRole _role;

    public AlarmsModule(PlatformServices services)
        : base("alarms")
    {
        _services = services;
        var options = services.Options.Alarms;
        _role = new AlarmsRole(
            services.Log,
            options with { TransactionalId = services.TransactionalId(options.TransactionalId) },
            services.Logging,
            services.Time,
            services.Schemas);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> NotReady => _role.NotReadyReason is { } reason ? ["alarms: " + reason] : [];

    /// <inheritdoc/>
    public override void AddServices(IServiceCollection services) => services.AddTelemetryStreams(_role.Streams, () => _role.NotReadyReason);

    /// <inheritdoc/>
    public override void Map(WebApplication application) => application.MapTelemetryStreams();

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken) =>
        RunOnOwnThreadsAsync(() => _services.Dependencies.RunAsync(
            RecordLogs.Describe(_services.Options), token => new ValueTask(_role.StartAsync(token)), cancellationToken));

    /// <inheritdoc/>
    public override Task DrainAsync(CancellationToken cancellationToken) =>
        GroupLags.CatchUpAsync(_services, [(_services.Options.Alarms.IncidentsGroup, LogTopics.Incidents), (_services.Options.Alarms.Group, LogTopics.AlarmInputs)], cancellationToken);

    /// <inheritdoc/>
    public override Task StopAsync(CancellationToken cancellationToken) => _role.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyList<PipelineLag>> QueryLagAsync(CancellationToken cancellationToken) =>
        GroupLags.QueryAsync(_services.Log, _services.Options.Alarms.Group, LogTopics.AlarmInputs, cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _role.DisposeAsync();
        await base.DisposeAsync();
    }
}
