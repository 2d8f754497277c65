using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Formatter;
using Telemetry.Contracts;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;
using Telemetry.Host.Composition;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Mqtt;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>
/// A broker over a journal, that can crash: its files are copied as they are at a moment, as a killed process leaves them, and another
/// broker starts on the copy.
/// </summary>
internal sealed class DurableNode : IAsyncDisposable
{
    private readonly string _directory;
    private readonly JournalLog _log;
    private readonly BrokerLog _brokerLog;

    private DurableNode(string directory, JournalLog log, BrokerLog brokerLog, MqttBroker broker) =>
        (_directory, _log, _brokerLog, Broker) = (directory, log, brokerLog, broker);

    public MqttBroker Broker { get; }

    public EndPoint EndPoint => Broker.Endpoints[0];

    public int Port => ((IPEndPoint)EndPoint).Port;

    /// <param name="directory">Of its journal; null: a new one.</param>
    /// <param name="options">Settings of the broker.</param>
    /// <param name="over">What stands between the broker and its log.</param>
    public static async Task<DurableNode> StartAsync(
        string? directory = null, EdgeOptions? options = null, Func<IBrokerLog, IBrokerLog>? over = null)
    {
        directory ??= Directory.CreateTempSubdirectory("telemetry-sessions-").FullName;
        var log = JournalLog.Open(new JournalOptions { Directory = directory }, NullLoggerFactory.Instance, TimeProvider.System);
        await log.EnsureTopicsAsync(
            [
                new TopicSpec(LogTopics.Messages, 2),
                new TopicSpec(LogTopics.MqttSessions, 2, Compacted: true),
                new TopicSpec(LogTopics.MqttRetained, 2, Compacted: true),
            ],
            CancellationToken.None);
        var brokerLog = new BrokerLog(log, TimeProvider.System, null, NullLogger.Instance);
        var broker = new MqttBroker(
            (options ?? new EdgeOptions()) with { Listeners = [new MqttListenerOptions { Port = 0 }] },
            null, NullLoggerFactory.Instance, TimeProvider.System, log: over?.Invoke(brokerLog) ?? brokerLog);
        await broker.StartAsync();
        return new DurableNode(directory, log, brokerLog, broker);
    }

    /// <summary>What a start after kill -9 at this moment finds.</summary>
    public Task<DurableNode> CrashAsync(EdgeOptions? options = null)
    {
        var copy = Directory.CreateTempSubdirectory("telemetry-sessions-").FullName;
        foreach (var file in Directory.EnumerateFiles(_directory, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(_directory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            if (Path.GetFileName(file) == "LOCK")
            {
                continue;
            }

            // The running journal has them open: read without asking for a lock.
            using var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var to = File.Create(target);
            from.CopyTo(to);
        }

        return StartAsync(copy, options);
    }

    /// <summary>Connects with a session that survives; it resumes the one there is.</summary>
    public Task<TestClient> ConnectAsync(string clientId, uint expirySeconds = 3600, bool acknowledges = true, Action<MqttClientOptions>? configure = null) =>
        TestClient.ConnectAsync(
            Port,
            clientId,
            o =>
            {
                o.ProtocolVersion = MqttProtocolVersion.V500;
                o.CleanSession = false;
                o.SessionExpiryInterval = expirySeconds;
                configure?.Invoke(o);
            },
            acknowledges: acknowledges);

    /// <summary>The same by raw packets.</summary>
    public async Task<(RawClient Client, bool Present)> ConnectRawAsync(string clientId, bool clean = false)
    {
        var client = await RawClient.OpenAsync(EndPoint, MqttVersion.V500);
        await client.WriteAsync(o => Testing.Mqtt.ClientPackets.Connect(o, new ConnectPacket
        {
            Version = MqttVersion.V500,
            ClientId = clientId,
            CleanStart = clean,
            Properties = new MqttProperties { SessionExpiryInterval = 3600 },
        }));
        var answer = await client.ConnAckAsync();
        answer.ReasonCode.ShouldBe(ReasonCode.Success);
        return (client, answer.SessionPresent);
    }

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        await _brokerLog.DisposeAsync();
        await _log.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
