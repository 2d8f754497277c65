using System.Net;
using System.Runtime.InteropServices;
using Telemetry.Bridge.Alarms;
using Telemetry.Bridge.Commands;
using Telemetry.Bridge.Ingest;
using Telemetry.Bridge.Sparkplug.Host;
using Telemetry.Edge.Hosting;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>MQTT broker and bridge, and commands to devices. The last to start and the first to stop: the platform's intake.</summary>
internal sealed class EdgeModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly IRecordProducer _producer;
    private readonly ReadingIngest _ingest;
    private readonly BrokerLog _brokerLog;
    private readonly MqttBroker _broker;
    private readonly CommandDelivery _commands;
    private readonly AlarmTopics? _alarms;
    private PosixSignalRegistration? _hangUp;
    private HttpsCertificate? _https;
    private readonly HostStatePublisher? _sparkplugState;

    /// <param name="services">What the modules share.</param>
    /// <param name="sparkplug">Whose state is told to edge nodes; null: Sparkplug is off.</param>
    public EdgeModule(PlatformServices services, SparkplugHost? sparkplug)
        : base("edge")
    {
        _services = services;
        var (options, logging) = (services.Options, services.Logging);
        _producer = services.CreateIntakeProducer();
        _ingest = new ReadingIngest(options.Bridge, _producer, services.Time, logging.CreateLogger<ReadingIngest>());
        _brokerLog = new BrokerLog(
            services.SessionLog, services.Time, services.SharesSessions ? InstanceName.Of(options) : null, logging.CreateLogger<BrokerLog>());
        _broker = new MqttBroker(options.Edge, _ingest, logging, services.Time, sockets: services.Sockets, log: _brokerLog);
        var channel = new MqttCommandChannel(_broker);
        _commands = new CommandDelivery(
            services.Log, _producer, channel, options.Commands, options.Bridge, services.Time,
            logging.CreateLogger<CommandDelivery>());
        RoleSchemas.Follow(services.Schemas, options.Bridge, _ingest, _commands);

        // Behind store and forward the central platform has the alarms.
        _alarms = services.Forward is null ? new AlarmTopics(services.Log, channel, services.Time, logging.CreateLogger<AlarmTopics>()) : null;
        if (sparkplug is not null)
        {
            _sparkplugState = new HostStatePublisher(
                services.Log, _producer, channel, sparkplug, options.Bridge, services.Time, logging.CreateLogger<HostStatePublisher>());
            _ingest.ForeignHostState = _sparkplugState.ForeignStateSeen;
        }
    }

    /// <inheritdoc/>
    public override IPEndPoint? Address => _broker.Endpoints.Count > 0 ? _broker.Endpoints[0] as IPEndPoint : null;

    /// <summary>True: the broker reads on in its log, so what others write there it does by itself.</summary>
    public bool FollowsLog => _broker.IsShared;

    /// <summary>Removes retained messages, and what sessions have waiting under a topic.</summary>
    /// <param name="prefix">Beginning of the topic name.</param>
    /// <param name="retained">Topics whose retained message is removed, UTF-8.</param>
    public void DropUnder(string prefix, IReadOnlyList<byte[]> retained)
    {
        foreach (var topic in retained)
        {
            _broker.Forget(topic);
        }

        _broker.DropUnder(prefix);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> NotReady => _ingest.IsHealthy ? [] : ["the log does not take records"];

    /// <inheritdoc/>
    public override void Map(WebApplication application)
    {
        application.UseWebSockets();
        application.MapMqttWebSocket(_broker).ExcludeFromDescription();
        _https = application.Services.GetService<HttpsCertificate>();
        if (_https is not null)
        {
            _broker.Guard(_https.Tls);
        }

        var http = _services.Options.Http;
        // Whoever shows a certificate there may come in.
        IPAddress[] addresses = http.Tls.IsOn && _https?.Tls.AsksForCertificates != true ? [http.Address, http.Tls.Address] : [http.Address];
        foreach (var closed in addresses.Distinct().Where(address => !_broker.TakesWebSocketsOn(address)))
        {
            HostLog.WebSocketsClosed(_services.Logger, closed);
        }
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Before anyone can connect: what is retained must not say that a host is online which is not yet.
        if (_sparkplugState is not null)
        {
            await _broker.RestoreAsync(cancellationToken);
            await _sparkplugState.PrepareAsync(cancellationToken);
        }

        var listeners = string.Join(", ", _services.Options.Edge.EffectiveListeners.Select(l => $"{l.Address}:{l.Port}"));
        await Listening.StartAsync(() => _broker.StartAsync(cancellationToken), $"MQTT cannot listen on {listeners}", "--mqtt-port");
        _commands.Start();
        _alarms?.Start();
        // Without a terminal: closing one sends this signal too, and should end what was started in it.
        _hangUp = Console.IsInputRedirected ? PosixSignalRegistration.Create(PosixSignal.SIGHUP, Reload) : null;
        _sparkplugState?.Start();
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _hangUp?.Dispose();
        if (_sparkplugState is not null)
        {
            await _sparkplugState.StopAsync(cancellationToken);
        }

        await (_alarms?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _commands.DisposeAsync();
        await _broker.StopAsync(cancellationToken);
        await _brokerLog.DisposeAsync();
        await _ingest.DisposeAsync();
        await _producer.DisposeAsync();
    }

    private void Reload(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _broker.Reload();
        _https?.Reload();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_sparkplugState is not null)
        {
            await _sparkplugState.DisposeAsync();
        }

        await _broker.DisposeAsync();
        await base.DisposeAsync();
    }
}
