using Telemetry.Contracts;
using Telemetry.Query.Health;

namespace Telemetry.Host.Composition;

/// <summary>Duplicates, watermarks, detectors: from the readings on the log to anomalies and device events.</summary>
internal sealed class ProcessModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly ProcessingRole _role;

    public ProcessModule(PlatformServices services)
        : base("process")
    {
        _services = services;
        var options = services.Options.Processing;
        _role = new ProcessingRole(
            services.Log,
            options with { TransactionalId = services.TransactionalId(options.TransactionalId) },
            restarts: services.Options.IsKafka,
            services.Logging,
            services.Time,
            services.Schemas);
    }

    /// <inheritdoc/>
    public override Task Completion => _role.Completion;

    /// <inheritdoc/>
    public override IEnumerable<string> NotReady => _role.NotReadyReason is { } reason ? ["processing: " + reason] : [];

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken) =>
        RunOnOwnThreadsAsync(() => _services.Dependencies.RunAsync(
            RecordLogs.Describe(_services.Options), token => new ValueTask(_role.StartAsync(token)), cancellationToken));

    /// <inheritdoc/>
    public override Task DrainAsync(CancellationToken cancellationToken) =>
        GroupLags.CatchUpAsync(_services, [(_services.Options.Processing.Group, LogTopics.Readings)], cancellationToken);

    /// <inheritdoc/>
    public override Task StopAsync(CancellationToken cancellationToken) => _role.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyList<PipelineLag>> QueryLagAsync(CancellationToken cancellationToken) =>
        GroupLags.QueryAsync(_services.Log, _services.Options.Processing.Group, cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _role.DisposeAsync();
        await base.DisposeAsync();
    }
}
