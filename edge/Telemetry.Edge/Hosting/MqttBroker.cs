using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Telemetry.Edge.Connections;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Packets;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Routing;
using Telemetry.Edge.Security;
using Telemetry.Edge.Security.Auditing;
using Telemetry.Edge.Security.Reloading;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Sockets;
using Telemetry.Edge.Timing;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Edge.Hosting;

/// <summary>
/// An MQTT 3.1.1 and 5.0 broker on Kestrel's socket transport. Publishes on ingest topics go to an <see cref="IIngest"/> and are
/// acknowledged when it says so; all others are ordinary publish and subscribe.
/// </summary>
public sealed class MqttBroker : IAsyncDisposable
{
    /// <summary>How often expired retained messages are swept out.</summary>
    private const long SweepMilliseconds = 60_000;

    /// <summary>Connections over the limit that are held just to be told so, at most; any more are cut.</summary>
    private const int MaxSurplus = 256;

    /// <summary>Contested client identifiers that the metrics name.</summary>
    private const int MaxContestsNamed = 10;

    /// <summary>What a stop waits for connections beyond their own deadlines.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(1);

    private readonly EdgeOptions _options;
    private readonly ILogger _logger;
    private readonly ILoggerFactory _loggers;
    private readonly EdgeMetrics _metrics = new();
    private readonly TimerWheel _wheel;
    private readonly BrokerCore _core;
    private readonly PacketDispatcher _packets;
    private readonly WillPublisher _wills;
    private readonly ConcurrentDictionary<MqttConnection, Task> _connections = new();
    private readonly List<MqttListener> _listeners = [];
    private readonly List<Task> _accepting = [];
    private readonly RetainedMessages _retained;
    private readonly QueueBudget _budget;
    private readonly SocketBudget? _ownSockets;
    private readonly SocketShare _sockets;
    private readonly int _maxConnections;
    private readonly int _maxSurplus;
    private readonly BrokerDurability? _durability;
    private readonly SysTopics _sys;
    private readonly HandshakeTurns _turns;
    private ITimer? _ticker;
    private long _sweepAt = SweepMilliseconds;
    private int _connectionCount;
    private int _surplusCount;
    private volatile bool _stopping;
    private bool _restored;

    /// <summary>Makes a broker; nothing is opened before <see cref="StartAsync"/>.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="ingest">Takes the publishes it accepts; null for a plain broker.</param>
    /// <param name="loggers">Logs under the category Telemetry.Edge.</param>
    /// <param name="time">Clock for keep alive, expiry and timeouts.</param>
    /// <param name="authenticator">Who may connect; null for what the options say.</param>
    /// <param name="authorizer">Who may publish and subscribe what; null for what the options say.</param>
    /// <param name="sockets">The sockets of this process, when it has other listeners too; null: the broker has them for itself.</param>
    /// <param name="log">Where sessions, their messages and retained messages are kept; null: they end with the process.</param>
    /// <exception cref="EdgeConfigurationException">The options cannot work.</exception>
    public MqttBroker(
        EdgeOptions options,
        IIngest? ingest,
        ILoggerFactory loggers,
        TimeProvider time,
        IAuthenticator? authenticator = null,
        IAuthorizer? authorizer = null,
        SocketBudget? sockets = null,
        IBrokerLog? log = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        EdgeOptionsValidator.Check(options);
        _options = options;
        _loggers = loggers;
        _logger = loggers.CreateLogger("Telemetry.Edge");
        _ownSockets = sockets is null ? SocketBudget.OfProcess(reserved: 0, loggers, time) : null;
        _sockets = (sockets ?? _ownSockets!).Share("mqtt");
        _turns = HandshakeTurns.Of(options);
        _maxSurplus = Math.Min(MaxSurplus, _sockets.Most / 8);
        _maxConnections = Math.Min(options.MaxConnections, Math.Max(1, _sockets.Most - _maxSurplus));
        _wheel = new TimerWheel(time);
        var tree = new SubscriptionTree();
        var retained = new RetainedMessages(options.MaxRetainedMessages, options.MaxRetainedBytes);
        _retained = retained;
        _durability = log is null ? null : new BrokerDurability(log, _wheel, time);
        var router = new MessageRouter(tree, retained, _wheel, _metrics, options.MaxTopicLevels, _durability?.Publishes);
        if (_durability is not null)
        {
            _durability.Publishes.Deliver = router.Deliver;
        }

        var security = new BrokerSecurity(
            authenticator ?? EdgeSecurity.Authenticator(options, time, _logger), authorizer ?? EdgeSecurity.Authorizer(options),
            options.Limits, time, _logger, loggers.CreateLogger(AuditLog.Category));
        _wills = new WillPublisher(router, ingest, security.Authorizer, _wheel, _metrics, time, _logger);
        _budget = new QueueBudget(options.MaxQueuedBytesTotal);
        var sessions = new SessionRegistry(options, _budget, _wheel, tree, _wills.Publish, _durability?.Sessions);
        _core = new BrokerCore(
            options,
            router,
            sessions,
            ingest,
            security,
            _wheel,
            _metrics,
            time,
            _logger);
        _metrics.Contests(() => _core.TakeOvers.Now(MaxContestsNamed));
        _sys = new SysTopics(options.SysInterval, options.MaxRetainedMessages > 0, router, () => new SysFigures(
            _metrics.Totals, sessions.Count, tree.Count, retained.Count, retained.Bytes, sessions.CountWaiting(), _budget.Used));
        WebSockets = new WebSocketGate(options, _core.Security.Authenticator, _metrics, _logger, time);
        _packets = new PacketDispatcher(_core, tree);
        _metrics.Gauge("telemetry.edge.connections", "{connection}", "Connections open", () => Connections);
        _metrics.Gauge("telemetry.edge.handshakes.waiting", "{connection}", "TLS handshakes that wait for their turn", () => _turns.Waiting);
        _metrics.Gauge("telemetry.edge.sessions", "{session}", "Sessions kept", () => sessions.Count);
        _metrics.Gauge("telemetry.edge.subscriptions", "{subscription}", "Subscriptions", () => tree.Count);
        _metrics.Gauge("telemetry.edge.queues.size", "By", "Bytes in the queues of all sessions, in flight included", () => _budget.Used);
        _metrics.Gauge("telemetry.edge.retained.messages", "{message}", "Retained messages", () => retained.Count);
        _metrics.Count("telemetry.edge.retained.visits", "{node}", "Nodes of the retained store visited for new subscriptions", () => retained.Visits);
        _metrics.Gauge("telemetry.edge.retained.size", "By", "Bytes of retained messages", () => retained.Bytes);
    }

    /// <summary>Connections open now.</summary>
    public int Connections => Volatile.Read(ref _connectionCount);

    /// <summary>Where the broker listens, in the order of the options, with the real ports.</summary>
    public IReadOnlyList<EndPoint> Endpoints => [.. _listeners.Select(l => l.EndPoint)];

    internal EdgeMetrics Metrics => _metrics;

    /// <summary>By partition of the messages topic, the offset that the start read from.</summary>
    internal IReadOnlyDictionary<int, long> RestoredFrom => _durability?.RestoredFrom ?? new Dictionary<int, long>();

    /// <summary>Who may come in over HTTP.</summary>
    internal WebSocketGate WebSockets { get; }

    /// <summary>Bytes in the queues of all sessions.</summary>
    internal long QueuedBytes => _budget.Used;

    internal BrokerSecurity Security => _core.Security;

    internal SessionRegistry Sessions => _core.Sessions;

    /// <summary>
    /// True when MQTT over WebSocket is taken on this address of a web server: the rule of the broker's own listeners, by which an
    /// address that is open to other machines needs credentials or <see cref="EdgeOptions.AllowAnonymousFromAnywhere"/>.
    /// </summary>
    public bool TakesWebSocketsOn(IPAddress address) => WebSockets.IsOpenOn(address);

    /// <summary>Opens the listeners and takes connections.</summary>
    /// <exception cref="EdgeConfigurationException">An address is open to other machines without authentication, or cannot be used.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        EdgeSecurity.CheckExposure(_options, _core.Security.Authenticator, _logger);
        if (_maxConnections < _options.MaxConnections)
        {
            _logger.FewFiles(_options.MaxConnections, _maxConnections);
        }

        await RestoreAsync(cancellationToken);
        var transport = new BudgetedTransport(
            new SocketTransportFactory(Microsoft.Extensions.Options.Options.Create(TransportOptions()), _loggers), _sockets);
        foreach (var listener in _options.EffectiveListeners)
        {
            _listeners.Add(await BindAsync(transport, listener, cancellationToken));
        }

        _core.Security.StartReloading(_options, [.. _listeners.Where(l => l.Tls is not null).Select(PartOf)], EndRevoked);
        var tick = TimeSpan.FromMilliseconds(TimerWheel.TickMilliseconds);
        _ticker = _core.Time.CreateTimer(_ => Tick(), null, tick, tick);
        _accepting.AddRange(_listeners.Select(l => l.RunAsync()));
    }

    /// <summary>
    /// Reads sessions and retained messages from the log, where there is one. <see cref="StartAsync"/> does it too, once; before it nothing can
    /// be published.
    /// </summary>
    public async Task RestoreAsync(CancellationToken cancellationToken = default)
    {
        if (_durability is not null && !_restored)
        {
            await _durability.RestoreAsync(_core.Sessions, _retained, _core.Router, _logger, cancellationToken);
            _core.Shared = _durability.Shared;
            _restored = true;
        }
    }

    /// <summary>
    /// Stops taking connections, tells every client why (0x8B), waits for the answers that the log still owes (up to
    /// <see cref="EdgeOptions.DrainTimeout"/>), then closes.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        await _core.Security.StopReloadingAsync();
        foreach (var listener in _listeners)
        {
            await listener.StopAsync();
        }

        await Task.WhenAll(_accepting).WaitAsync(cancellationToken);
        var open = _connections.Keys.ToArray();
        _logger.Stopping(open.Length, open.Sum(c => c.Acks.Count));
        using var drain = new CancellationTokenSource(_options.DrainTimeout, _core.Time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, drain.Token);
        foreach (var connection in open)
        {
            connection.Drain(deadline.Token);
        }

        await EndedAsync(cancellationToken);
        await _wills.WhenDoneAsync(deadline.Token);
        if (_durability is not null)
        {
            await _durability.StopAsync(deadline.Token);
        }

        if (_ticker is { } ticker)
        {
            await ticker.DisposeAsync();
        }

        _logger.Stopped(open.Sum(c => c.Acks.Count));
    }

    /// <summary>
    /// Waits for the connections to end. Each has its own deadlines; one that does not keep them is cut, and not waited for any longer:
    /// no client may hold up a stop.
    /// </summary>
    private async Task EndedAsync(CancellationToken cancellationToken)
    {
        var patience = _options.DrainTimeout + _options.LingerTime + EndPatience;
        try
        {
            await Task.WhenAll(_connections.Values).WaitAsync(patience, _core.Time, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            var left = _connections.Keys.ToArray();
            _logger.CutAtStop(left.Length);
            foreach (var connection in left)
            {
                connection.Abort();
            }
        }
    }

    /// <summary>
    /// Reads users, rules, certificates, authorities, revocation lists and keys again, whether their files changed or not. What cannot be used
    /// changes nothing, and is logged. Connections stay, except those whose user is gone or whose certificate was taken back.
    /// </summary>
    public void Reload() => _core.Security.Reload();

    /// <summary>
    /// Takes part in the TLS of a web server that clients come in by: refused certificates are counted and told, and connections whose
    /// certificate is taken back are ended.
    /// </summary>
    public void Guard(ServerTls https)
    {
        const string name = "HTTPS";
        ArgumentNullException.ThrowIfNull(https);
        https.Refused += (remote, problem) => _core.Security.HandshakeFailed(remote, HandshakeFailure.Certificate, problem);
        https.Reloaded += () =>
        {
            WarnOfOldList(name, https);
            EndRevoked();
        };
        WarnOfOldList(name, https);
    }

    /// <summary>
    /// Publishes from inside, for example a command to a device. Goes to subscribers, never to the ingest; where several nodes share the log,
    /// to those of this node, because each node does the same for its own. A retained message goes to all.
    /// </summary>
    /// <param name="topic">Topic name.</param>
    /// <param name="payload">Payload; copied.</param>
    /// <param name="qos">QoS 0 to 2.</param>
    /// <param name="retain">Keep it for later subscribers.</param>
    /// <param name="properties">MQTT 5 properties; Message Expiry Interval and those that are forwarded are used.</param>
    /// <returns>False when nobody subscribes to the topic now.</returns>
    /// <exception cref="ArgumentException">The topic is not a topic name.</exception>
    public ValueTask<bool> PublishAsync(
        string topic,
        ReadOnlyMemory<byte> payload,
        MqttQos qos = MqttQos.AtMostOnce,
        bool retain = false,
        MqttProperties? properties = null)
    {
        var content = PublishMessage.Create(topic, payload.Span, properties);
        if (!TopicName.TryCheck(content.TopicName, out var error))
        {
            throw new ArgumentException($"'{topic}': {error.Message}", nameof(topic));
        }

        var message = new Message(content, (byte)qos, retain, Message.ExpiryTime(_wheel.Now, properties?.MessageExpiryInterval));
        return _core.Router.Log is { IsShared: true } && !retain
            ? ValueTask.FromResult(_core.Router.RouteHere(message))
            : IsSuccessAsync(_core.Router.RouteAsync(message));
    }

    /// <summary>Removes the retained message of a topic, here; on the log it is removed already.</summary>
    /// <param name="topic">Topic name, UTF-8.</param>
    public void Forget(ReadOnlySpan<byte> topic) => _retained.Remove(topic);

    /// <summary>
    /// Drops what sessions have waiting under a topic. Where the log is shared its record does that on every node; where it is not, nobody reads the record
    /// before the next start.
    /// </summary>
    /// <param name="prefix">Beginning of the topic name.</param>
    public void DropUnder(string prefix) => _core.Sessions.DropUnder(System.Text.Encoding.UTF8.GetBytes(prefix));

    /// <summary>True: other nodes share the log, and with it sessions and retained messages.</summary>
    public bool IsShared => _core.Router.Log is { IsShared: true };

    /// <summary>Other nodes that said that they live, not long ago; 0 where nothing is shared.</summary>
    public int OtherNodes => _durability?.Shared?.Others ?? 0;

    /// <summary>The payload retained on a topic; null when there is none.</summary>
    public byte[]? Retained(string topic) =>
        _retained.Get(System.Text.Encoding.UTF8.GetBytes(topic), _wheel.CoarseNow)?.Content.Payload.ToArray();

    /// <summary>Stops, if that has not been done.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _metrics.Dispose();
        _ownSockets?.Dispose();
        _turns.Dispose();
        _core.Security.Dispose();
    }

    /// <inheritdoc cref="RetainedMessages.Visits"/>
    internal long RetainedVisits => _retained.Visits;

    /// <summary>Serves one connection until it ends. Throws nothing.</summary>
    internal async Task ServeAsync(MqttTransport transport)
    {
        var surplus = Interlocked.Increment(ref _connectionCount) > _maxConnections;
        if (surplus)
        {
            Interlocked.Decrement(ref _connectionCount);
            _metrics.TurnedAway();
            if (Interlocked.Increment(ref _surplusCount) > _maxSurplus || _stopping)
            {
                Interlocked.Decrement(ref _surplusCount);
                await CutAsync(transport);
                return;
            }
        }
        else if (_stopping)
        {
            Interlocked.Decrement(ref _connectionCount);
            _metrics.TurnedAway();
            await CutAsync(transport);
            return;
        }
        else
        {
            _metrics.Accepted();
        }

        var connection = new MqttConnection(_core, _packets, transport) { IsSurplus = surplus };

        // Listed before it runs: a stop that begins now waits for it.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _connections[connection] = ended.Task;
        if (_stopping)
        {
            connection.RequestClose(CloseReason.ShuttingDown);
        }

        await connection.RunAsync();
        Interlocked.Decrement(ref surplus ? ref _surplusCount : ref _connectionCount);
        _connections.TryRemove(connection, out _);
        ended.SetResult();
    }

    private ReloadablePart PartOf(MqttListener listener)
    {
        var tls = listener.Tls!.Server;
        var name = $"TLS of {listener.EndPoint}";
        WarnOfOldList(name, tls);
        return new ReloadablePart(name, tls.Files, () =>
        {
            tls.Reload();
            WarnOfOldList(name, tls);
        });
    }

    private void WarnOfOldList(string part, ServerTls tls)
    {
        if (tls.Now.Trust?.NextUpdate is { } next && next < _core.Time.GetUtcNow())
        {
            _logger.OldRevocationList(part, next);
        }
    }

    /// <summary>Ends the connections of those who may not be here any more.</summary>
    private void EndRevoked()
    {
        var count = 0;
        foreach (var connection in _connections.Keys)
        {
            if (connection.Client is { } client
                && ((_options.DisconnectRemovedUsers && !_core.Security.IsKnown(client.Identity)) || connection.IsCertificateRevoked))
            {
                count++;
                _core.Security.Audit.Ended(client.Identity, connection.RemoteEndPoint);
                connection.RequestClose(CloseReason.Revoked);
            }
        }

        if (count > 0)
        {
            _logger.RevokedEnded(count);
        }
    }

    private static async ValueTask<bool> IsSuccessAsync(ValueTask<ReasonCode> routing) => await routing == ReasonCode.Success;

    private static async ValueTask CutAsync(MqttTransport transport)
    {
        transport.Abort();
        await transport.DisposeAsync();
    }

    private SocketTransportOptions TransportOptions() => new()
    {
        Backlog = _options.Backlog,
        NoDelay = true,
        // An idle connection holds no buffer.
        WaitForDataBeforeAllocatingBuffer = true,
        // What one client may have read ahead of its handling, beside the packet that is coming in; also while it is not authenticated.
        MaxReadBufferSize = 16 * 1024,
        // A flush completes when the kernel has the bytes, so the last packet is known to be on its way before the half-close.
        MaxWriteBufferSize = 1,
        // Packets are handled where they arrive: nothing in the handling blocks.
        UnsafePreferInlineScheduling = true,
    };

    private async Task<MqttListener> BindAsync(
        BudgetedTransport transport, MqttListenerOptions options, CancellationToken cancellationToken)
    {
        var endpoint = new IPEndPoint(EdgeSecurity.AddressOf(options), options.Port);
        var tls = options.Tls is { } settings ? new TlsAcceptor(new ServerTls(settings), _turns) : null;
        try
        {
            var bound = await transport.BindAsync(endpoint, cancellationToken);
            _logger.Listening(bound.EndPoint, tls is null ? "plain" : "TLS");
            return new MqttListener(bound, tls, ServeAsync, _options, _core.Time, _core.Security);
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
        {
            throw new EdgeConfigurationException(
                $"Listeners: {endpoint} cannot be opened: {exception.Message} Choose another port, or 0 for a free one.", exception);
        }
    }

    private void Tick()
    {
        try
        {
            _wheel.Advance();
            _sys.Tick(_wheel.CoarseNow, Connections);
            _budget.WakeWaiting();
            _durability?.Tick();
            if (_wheel.CoarseNow >= _sweepAt)
            {
                _core.Router.RemoveExpired(_wheel.CoarseNow);
                _sweepAt = _wheel.CoarseNow + SweepMilliseconds;
            }
        }
        catch (Exception exception)
        {
            _logger.TimerFailed(exception);
        }
    }
}
