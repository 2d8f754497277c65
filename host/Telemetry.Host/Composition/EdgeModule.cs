using System.Net;
using System.Runtime.InteropServices;
using Telemetry.Bridge.Commands;
using Telemetry.Bridge.Ingest;
using Telemetry.Edge.Hosting;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>MQTT broker and bridge, and commands to devices. The last to start and the first to stop: the platform's intake.</summary>
internal sealed class EdgeModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly IRecordProducer _producer;
    private readonly ReadingIngest _ingest;
    private readonly MqttBroker _broker;
    private readonly CommandDelivery _commands;
    private PosixSignalRegistration? _hangUp;

    public EdgeModule(PlatformServices services)
        : base("edge")
    {
        _services = services;
        var (options, logging) = (services.Options, services.Logging);
        _producer = services.Log.CreateProducer(new ProducerOptions());
        _ingest = new ReadingIngest(options.Bridge, _producer, services.Time, logging.CreateLogger<ReadingIngest>());
        _broker = new MqttBroker(options.Edge, _ingest, logging, services.Time, sockets: services.Sockets);
        _commands = new CommandDelivery(
            services.Log, _producer, new MqttCommandChannel(_broker), options.Commands, options.Bridge, services.Time,
            logging.CreateLogger<CommandDelivery>());
        RoleSchemas.Follow(services.Schemas, options.Bridge, _ingest, _commands);
    }

    /// <inheritdoc/>
    public override IPEndPoint? Address => _broker.Endpoints.Count > 0 ? _broker.Endpoints[0] as IPEndPoint : null;

    /// <inheritdoc/>
    public override IEnumerable<string> NotReady => _ingest.IsHealthy ? [] : ["the log does not take records"];

    /// <inheritdoc/>
    public override void Map(WebApplication application)
    {
        application.UseWebSockets();
        application.MapMqttWebSocket(_broker).ExcludeFromDescription();
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        var listeners = string.Join(", ", _services.Options.Edge.EffectiveListeners.Select(l => $"{l.Address}:{l.Port}"));
        await Listening.StartAsync(() => _broker.StartAsync(cancellationToken), $"MQTT cannot listen on {listeners}", "--mqtt-port");
        _commands.Start();
        // Without a terminal: closing one sends this signal too, and should end what was started in it.
        _hangUp = Console.IsInputRedirected ? PosixSignalRegistration.Create(PosixSignal.SIGHUP, Reload) : null;
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _hangUp?.Dispose();
        await _commands.DisposeAsync();
        await _broker.StopAsync(cancellationToken);
        await _ingest.DisposeAsync();
        await _producer.DisposeAsync();
    }

    private void Reload(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _broker.Reload();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await base.DisposeAsync();
    }
}
