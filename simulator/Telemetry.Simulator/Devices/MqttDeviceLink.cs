using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Client;
using Telemetry.Simulator.Options;

namespace Telemetry.Simulator.Devices;

/// <summary>
/// One MQTT connection. Each begins a new session: what was under way in the last one is sent again by the device, with the
/// same event ids.
/// </summary>
internal sealed class MqttDeviceLink : IDeviceLink, IMqttClientHandler, IPublishCompletion
{
    private readonly MqttClient _client;
    private readonly IDeviceLinkOwner _owner;
    private readonly byte[] _topic;
    private readonly MqttQos _qos;
    private readonly string? _commands;

    /// <param name="options">How to connect.</param>
    /// <param name="topic">Where readings go.</param>
    /// <param name="qos">QoS of readings.</param>
    /// <param name="commands">Filter of the commands it takes; null for none.</param>
    /// <param name="owner">The device.</param>
    public MqttDeviceLink(MqttClientOptions options, string topic, MqttQos qos, string? commands, IDeviceLinkOwner owner)
    {
        _commands = commands;
        _client = new MqttClient(options, this);
        _owner = owner;
        _topic = Encoding.UTF8.GetBytes(topic);
        _qos = qos;
    }

    public bool IsConnected => _client.IsConnected;

    /// <summary>Connections as the options say.</summary>
    public static ConnectDevice ConnectWith(SimulatorOptions options)
    {
        var client = OptionsFor(options);
        return (owner, device) => new MqttDeviceLink(
            client with { ClientId = device }, options.TopicOf(device), (MqttQos)options.Qos, options.CommandFilterOf(device), owner);
    }

    public static MqttClientOptions OptionsFor(SimulatorOptions options) => new()
    {
        Host = options.Host,
        Port = options.Port,
        Tls = options.Tls ? TlsOptions(options) : null,
        UserName = options.UserName,
        Password = options.Password is { } password ? Encoding.UTF8.GetBytes(password) : (ReadOnlyMemory<byte>?)null,
        KeepAlive = options.KeepAlive,
        MaximumInFlight = options.MaxInFlight + 1,
        ReceiveMaximum = 16,
    };

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await _client.ConnectAsync(cancellationToken);
        if (_commands is not null)
        {
            await _client.SubscribeAsync(_commands, MqttQos.AtLeastOnce, cancellationToken);
        }
    }

    public PublishStart TryPublish(ReadOnlyMemory<byte> payload, ulong state) =>
        _client.TryPublish(_topic, payload.Span, _qos, this, state);

    public Task DisconnectAsync() => _client.DisconnectAsync();

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>A command is done at once. When its answer finds no room it is not given: the command comes again.</summary>
    public bool Received(MqttClient client, in PublishPacket packet, in MqttDelivery delivery)
    {
        client.TryPublish([.. packet.TopicName, .. "/answer"u8], "{\"ok\":true}"u8, MqttQos.AtLeastOnce);
        return true;
    }

    public void Disconnected(MqttClient client, MqttDisconnect disconnect) => _owner.Disconnected(disconnect.Message);

    public void Published(in PublishResult result, ulong state) => _owner.Published(result, state);

    private static SslClientAuthenticationOptions TlsOptions(SimulatorOptions options)
    {
        var tls = new SslClientAuthenticationOptions { TargetHost = options.Host };
        if (options.CaFile is not null)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(options.CaFile);
        }

        return tls;
    }
}
