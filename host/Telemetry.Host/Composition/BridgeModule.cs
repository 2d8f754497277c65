using Telemetry.Bridge.Commands;
using Telemetry.Bridge.Ingest;
using Telemetry.Bridge.Upstream;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>The bridge on another broker. Intake like the edge: the last to start and the first to stop.</summary>
internal sealed class BridgeModule : RoleModule
{
    private readonly IRecordProducer _producer;
    private readonly ReadingIngest _ingest;
    private readonly UpstreamBridge _bridge;
    private readonly CommandDelivery? _commands;

    public BridgeModule(PlatformServices services)
        : base("bridge")
    {
        var (options, logging) = (services.Options, services.Logging);
        var judging = UpstreamBridge.Judging(options.Bridge, options.Upstream);
        _producer = services.CreateIntakeProducer();
        _ingest = new ReadingIngest(judging, _producer, services.Time, logging.CreateLogger<ReadingIngest>());
        _bridge = new UpstreamBridge(
            options.Upstream, options.Bridge, InstanceName.Lasting(options), _ingest, services.Time, logging.CreateLogger<UpstreamBridge>());
        RoleSchemas.Follow(services.Schemas, judging, _ingest.UseSchemaIds);
        if (options.Bridge.Sparkplug.Enabled && _bridge.ReadsSparkplug)
        {
            _commands = new CommandDelivery(
                services.Log, _producer, new UpstreamCommands(_bridge), options.Commands, options.Bridge, services.Time,
                logging.CreateLogger<CommandDelivery>());
            RoleSchemas.Follow(services.Schemas, options.Bridge, _commands.UseSchemaIds);
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<string> NotReady
    {
        get
        {
            if (!_ingest.IsHealthy)
            {
                yield return "the log does not take records";
            }

            if (_bridge.NotReadyReason is { } reason)
            {
                yield return reason;
            }
        }
    }

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _bridge.Start();
        _commands?.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_commands is not null)
        {
            await _commands.DisposeAsync();
        }

        await _bridge.StopAsync(cancellationToken);
        await _ingest.DisposeAsync();
        await _producer.DisposeAsync();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _bridge.DisposeAsync();
        await base.DisposeAsync();
    }
}
