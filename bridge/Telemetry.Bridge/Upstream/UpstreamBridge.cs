using Microsoft.Extensions.Logging;
using MQTTnet.Formatter;
using Telemetry.Bridge.Links;
using Telemetry.Contracts.Faults;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Upstream;

/// <summary>
/// The bridge as a client of a broker that devices are connected to already. It keeps one persistent session: what the broker has acknowledged
/// to a device and not yet delivered to us waits there while we are away, and is acknowledged only once our log has it. Delivery into the log is
/// at-least-once; copies carry the same event ids and disappear downstream. Instances of one group share the messages.
/// </summary>
public sealed class UpstreamBridge : IAsyncDisposable
{
    private readonly UpstreamOptions _options;
    private readonly IReadOnlyList<string> _filters;
    private readonly string _clientId;
    private readonly IIngest _ingest;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly UpstreamMetrics _metrics = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private volatile UpstreamConnection? _connection;
    private volatile string? _notReady = "the upstream broker is not connected yet";
    private volatile bool _speaks311;
    private volatile bool _wasConnected;

    /// <param name="options">Broker, filters, limits.</param>
    /// <param name="bridge">Its topic patterns, where the options name no filters.</param>
    /// <param name="instance">Name of this process, for the client identifier where none is set; the same at each start.</param>
    /// <param name="ingest">Where messages go; not disposed here.</param>
    /// <param name="time">Clock of the pauses.</param>
    /// <param name="logger">Told of connections gained and lost.</param>
    public UpstreamBridge(UpstreamOptions options, BridgeOptions bridge, string instance, IIngest ingest, TimeProvider time, ILogger<UpstreamBridge> logger)
    {
        (_options, _ingest, _time, _logger) = (options, ingest, time, logger);
        _clientId = options.ClientId.Length > 0 ? options.ClientId : "telemetry-bridge-" + instance;
        _filters = UpstreamFilters.Of(options, bridge);
        _metrics.Observe(() => _connection?.Waiting ?? 0);
    }

    /// <summary>Why messages of the broker do not come; null when they do.</summary>
    public string? NotReadyReason => _notReady;

    /// <summary>Messages received since the start, copies too.</summary>
    public long Received => _metrics.ReceivedTotal;

    /// <summary>Messages acknowledged to the broker since the start.</summary>
    public long Acknowledged => _metrics.AcknowledgedTotal;

    /// <summary>
    /// The bridge's options as they hold for messages of this broker: it has judged certificates and users, of which we see nothing.
    /// </summary>
    public static BridgeOptions Judging(BridgeOptions bridge, UpstreamOptions options) => bridge with
    {
        RequireCertificate = false,
        CertificateNamesDevice = false,
        UserNameNamesDevice = options.Identity == UpstreamIdentity.UserProperty,
    };

    /// <summary>True when messages of Sparkplug's edge nodes are read from that broker.</summary>
    public bool ReadsSparkplug => _filters.Any(f => f.Split('/')[0] is "spBv1.0" or "+" or "#");

    /// <summary>Publishes there, QoS 0, not retained.</summary>
    /// <returns>False when the broker is not connected.</returns>
    public async ValueTask<bool> TryPublishAsync(string topic, ReadOnlyMemory<byte> payload) =>
        _notReady is null && _connection is { } connection && await connection.TryPublishAsync(topic, payload, _stop.Token);

    /// <summary>Begins to connect; a broker that is not there yet is waited for.</summary>
    public void Start() => _loop = Task.Run(RunReconnectLoopAsync);

    /// <summary>Takes nothing more, acknowledges what the log still takes, and takes leave of the broker, which keeps the session.</summary>
    /// <param name="cancellationToken">The deadline; what is not acknowledged by then comes again.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _notReady = "stopping";
        await _stop.CancelAsync();
        await _loop;
        if (_connection is { } connection)
        {
            await connection.CloseAsync(cancellationToken);
            await connection.DisposeAsync();
            _connection = null;
        }

        _metrics.Disconnected();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        if (_connection is { } connection)
        {
            await connection.DisposeAsync();
        }

        _metrics.Dispose();
        _stop.Dispose();
    }

    private async Task RunReconnectLoopAsync()
    {
        var pause = new RestartPause(_options.ReconnectPause, _options.ReconnectPauseMax, well: _options.ReconnectPauseMax, _time);
        var told = "";
        while (!_stop.IsCancellationRequested)
        {
            var connection = new UpstreamConnection(_options, _clientId, _ingest, _metrics);
            _connection = connection;
            try
            {
                var grant = await connection.OpenAsync(_filters, Version, _stop.Token);
                pause.Started();
                Connected(grant);
                told = "";
                await connection.RunAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return; // The connection is closed in good order by whoever stops us.
            }
            catch (Exception error)
            {
                var fault = error is LinkException known ? known.Fault : LinkFault.Lost;
                _metrics.Disconnected();
                _metrics.Fault(fault);
                _notReady = $"the upstream broker: {error.Message}";
                if (fault == LinkFault.Protocol && _options.Protocol == UpstreamProtocol.Auto)
                {
                    _speaks311 = !_speaks311;
                }

                var delay = Jitter(pause.Failed());
                if (told != error.Message)
                {
                    told = error.Message;
                    Log.UpstreamLost(_logger, _options.Broker, error.Message, delay.TotalSeconds);
                }

                await connection.DisposeAsync();
                _connection = null;
                await Task.Delay(delay, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private MqttProtocolVersion Version => _options.Protocol switch
    {
        UpstreamProtocol.V5 => MqttProtocolVersion.V500,
        UpstreamProtocol.V311 => MqttProtocolVersion.V311,
        _ => _speaks311 ? MqttProtocolVersion.V311 : MqttProtocolVersion.V500,
    };

    private void Connected(UpstreamGrant grant)
    {
        _metrics.Connected();
        Log.UpstreamConnected(_logger, _options.Broker, grant.Version, _clientId, string.Join(", ", _filters), grant.SessionPresent);
        if (!grant.Shared && _options.Sharing == UpstreamSharing.Auto)
        {
            Log.UpstreamNotShared(_logger, _options.Broker, grant.Version);
        }

        if (grant.Qos < _options.Qos)
        {
            Log.UpstreamQosLower(_logger, _options.Broker, grant.Qos, _options.Qos);
        }

        if (_wasConnected && !grant.SessionPresent)
        {
            _metrics.SessionLost();
            Log.UpstreamSessionLost(_logger, _options.Broker, _clientId);
        }

        _wasConnected = true;
        _notReady = null;
    }

    /// <summary>Between half and whole: instances that lost the same broker do not come back at the same moment.</summary>
    private static TimeSpan Jitter(TimeSpan pause) => pause * (0.5 + (Random.Shared.NextDouble() / 2));
}
