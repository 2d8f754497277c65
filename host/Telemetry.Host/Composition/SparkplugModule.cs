using Telemetry.Bridge.Sparkplug.Host;
using Telemetry.Contracts;

namespace Telemetry.Host.Composition;

/// <summary>
/// The Sparkplug host application, beside the broker in the edge role: from publishes of edge nodes on the log to readings. Several edge
/// processes share its partitions. It starts before the broker and stops after it, so that what was taken is folded.
/// </summary>
internal sealed class SparkplugModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly string _group;

    public SparkplugModule(PlatformServices services)
        : base("sparkplug")
    {
        _services = services;
        var options = services.Options.Bridge;
        _group = options.Sparkplug.Group;
        Host = new SparkplugHost(
            services.Log,
            options with { Sparkplug = options.Sparkplug with { TransactionalId = services.TransactionalId(options.Sparkplug.TransactionalId) } },
            services.Time,
            services.Logging.CreateLogger<SparkplugHost>());
        RoleSchemas.Follow(services.Schemas, options, Host.UseSchemaIds);
    }

    public SparkplugHost Host { get; }

    /// <inheritdoc/>
    public override IEnumerable<string> NotReady => Host.NotReadyReason is { } reason ? ["sparkplug: " + reason] : [];

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Host.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task DrainAsync(CancellationToken cancellationToken) =>
        GroupLags.CatchUpAsync(_services, [(_group, LogTopics.Sparkplug)], cancellationToken);

    /// <inheritdoc/>
    public override Task StopAsync(CancellationToken cancellationToken) => Host.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await base.DisposeAsync();
    }
}
