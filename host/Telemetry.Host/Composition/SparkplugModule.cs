using Telemetry.Bridge.Sparkplug.Host;
using Telemetry.Contracts;
using Telemetry.Streams;

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
    public override async Task DrainAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(_services.Options.IsKafka ? 200 : 20), _services.Time);
        while (await IsBehindAsync(cancellationToken))
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public override Task StopAsync(CancellationToken cancellationToken) => Host.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await base.DisposeAsync();
    }

    private async ValueTask<bool> IsBehindAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _services.Log.QueryLagAsync(_group, LogTopics.Sparkplug, cancellationToken)).Any(lag => lag.Records > 0);
        }
        catch (RecordLogException e) when (e.IsTransient)
        {
            return true; // Not known is not done; the deadline ends the wait.
        }
    }
}
