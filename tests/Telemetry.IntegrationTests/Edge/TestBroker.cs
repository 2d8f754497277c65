using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>A broker on a free loopback port.</summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private TestBroker(MqttBroker broker) => Broker = broker;

    public MqttBroker Broker { get; }

    public EndPoint EndPoint => Broker.Endpoints[0];

    public int Port => ((IPEndPoint)EndPoint).Port;

    /// <param name="options">Settings; without a listener it has one on a free port.</param>
    /// <param name="ingest">The log.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="sys">Publish its figures, which are retained messages too.</param>
    /// <param name="authorizer">Who may do what.</param>
    /// <param name="loggers">Where it logs.</param>
    public static async Task<TestBroker> StartAsync(
        EdgeOptions? options = null,
        IIngest? ingest = null,
        TimeProvider? time = null,
        IAuthorizer? authorizer = null,
        ILoggerFactory? loggers = null,
        bool sys = false)
    {
        var all = options ?? new EdgeOptions();
        all = sys ? all : all with { SysInterval = TimeSpan.Zero };
        all = all.Listeners.Length > 0 ? all : all with { Listeners = [new MqttListenerOptions { Port = 0 }] };
        var broker = new MqttBroker(all, ingest, loggers ?? NullLoggerFactory.Instance, time ?? TimeProvider.System, authorizer: authorizer);
        await broker.StartAsync();
        return new TestBroker(broker);
    }

    /// <summary>Connects with a new session of MQTT 5, without keep alive: a clock that is put forward must end no connection.</summary>
    public Task<TestClient> ConnectAsync(string clientId, Action<MqttClientOptions>? configure = null, bool acknowledges = true)
    {
        void Configure(MqttClientOptions options)
        {
            options.KeepAlivePeriod = TimeSpan.Zero;
            configure?.Invoke(options);
        }

        return TestClient.ConnectAsync(Port, clientId, Configure, acknowledges: acknowledges);
    }

    /// <summary>A socket; the test writes the CONNECT.</summary>
    public Task<RawClient> OpenRawAsync(MqttVersion version = MqttVersion.V500) => RawClient.OpenAsync(EndPoint, version);

    /// <summary>A client for tests about raw bytes and the order of packets.</summary>
    public Task<RawClient> ConnectRawAsync(
        string id, MqttVersion version = MqttVersion.V500, bool clean = true, MqttProperties? properties = null, WillMessage? will = null, ushort keepAlive = 0) =>
        RawClient.ConnectAsync(EndPoint, new ConnectPacket
        {
            Version = version,
            ClientId = id,
            CleanStart = clean,
            KeepAlive = keepAlive,
            Properties = properties,
            Will = will,
        });

    /// <summary>Waits until so many connections are open: the broker learns of a cut one a moment later.</summary>
    public async Task UntilConnectionsAsync(int count)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (Broker.Connections != count)
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public ValueTask DisposeAsync() => Broker.DisposeAsync();
}

/// <summary>A log that answers when the test says so.</summary>
internal sealed class ScriptedIngest : IIngest
{
    private readonly Lock _gate = new();
    private readonly List<(string Payload, IIngestCompletion Completion, ulong State)> _taken = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Certificate names of the publishes taken, in order.</summary>
    public List<string?> Certificates { get; } = [];

    /// <summary>False: there is no room.</summary>
    public bool HasRoom { get; private set; } = true;

    public bool Accepts(ReadOnlySpan<byte> topicName) => topicName.StartsWith("in/"u8);

    public bool TryIngest(in IngestPublish publish, IIngestCompletion completion, ulong state)
    {
        lock (_gate)
        {
            if (!HasRoom)
            {
                return false;
            }

            _taken.Add((System.Text.Encoding.UTF8.GetString(publish.Payload), completion, state));
            Certificates.Add(publish.CertificateName);
            _changed.TrySetResult();
            return true;
        }
    }

    public ValueTask WaitForCapacityAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return HasRoom ? ValueTask.CompletedTask : new ValueTask(_room.Task.WaitAsync(cancellationToken));
        }
    }

    public void Fill() => HasRoom = false;

    public void MakeRoom()
    {
        lock (_gate)
        {
            HasRoom = true;
            _room.TrySetResult();
            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Waits until so many publishes were taken.</summary>
    public async Task<IReadOnlyList<string>> TakenAsync(int count)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_taken.Count >= count)
                {
                    return [.. _taken.Select(t => t.Payload)];
                }

                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _changed.Task;
            }

            await changed.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    public void Answer(int index, IngestOutcome outcome = IngestOutcome.Stored, string? reason = null)
    {
        var (_, completion, state) = _taken[index];
        completion.Ingested(new IngestResult(outcome, reason), state);
    }
}
