using System.Globalization;
using Telemetry.Testing.Servers;
using Telemetry.Testing.Servers.Kafka;

namespace Telemetry.Testing;

/// <summary>
/// A real Kafka cluster for tests: the one <c>TELEMETRY_KAFKA</c> names (bootstrap servers), else brokers of our own, as processes on
/// loopback (<c>kafka.sh</c> in <c>KAFKA_HOME</c> or beside the checkout) or in containers.
/// </summary>
public sealed class KafkaCluster : IAsyncDisposable
{
    /// <summary>Quick groups and transactions, so that tests need not wait for heartbeats every 5 s and aborts every 10 s.</summary>
    private static readonly string[] Quick =
    [
        "group.consumer.heartbeat.interval.ms=500",
        "group.consumer.session.timeout.ms=6000",
        "transaction.abort.timed.out.transaction.cleanup.interval.ms=1000",
    ];

    private readonly IKafkaBrokers? _brokers;

    private KafkaCluster(string bootstrapServers, IKafkaBrokers? own, int brokers)
    {
        (BootstrapServers, _brokers, Brokers) = (bootstrapServers, own, brokers);
    }

    /// <summary>Addresses for clients: host:port, comma-separated.</summary>
    public string BootstrapServers { get; }

    /// <summary>Number of brokers; 0 when the cluster is not ours.</summary>
    public int Brokers { get; }

    /// <summary>True: brokers can be killed, started, paused. Never true for <c>TELEMETRY_KAFKA</c>.</summary>
    public bool IsOwn => _brokers is not null;

    /// <summary>The <c>kafka.sh</c> that starts brokers as processes; null when there is none.</summary>
    public static string? ScriptPath => TestServers.Kafka.Program();

    /// <summary>Directory of broker <paramref name="id"/>: server.properties, server.log, data. Only of brokers that are processes.</summary>
    public string DirectoryOf(int id) => Own is ScriptBrokers processes
        ? Path.Combine(processes.Folder, id.ToString(CultureInfo.InvariantCulture))
        : throw new InvalidOperationException("These brokers run in containers.");

    /// <summary>Why there can be no cluster, for <c>Assert.Skip</c>; null when there can.</summary>
    /// <param name="own">True: the test kills brokers or needs settings, so it needs a cluster of its own.</param>
    /// <param name="process">True: the test changes files of the brokers, so they must be processes.</param>
    public static string? MissingReason(bool own = false, bool process = false) =>
        process && ScriptPath is null ? $"no Kafka as processes: {TestServers.Kafka.ProgramHint}" : TestServers.Kafka.MissingReason(own || process);

    /// <summary>The external cluster, or one broker of our own.</summary>
    public static async Task<KafkaCluster> AnyAsync() =>
        TestServers.Kafka.Address is { } servers ? new KafkaCluster(servers, null, 0) : await StartAsync(1);

    /// <summary>Starts brokers of our own: as processes about 3 s for one, 8 s for three.</summary>
    /// <param name="brokers">1 to 9.</param>
    /// <param name="settings">Broker properties, <c>key=value</c>; they win over the defaults.</param>
    public static async Task<KafkaCluster> StartAsync(int brokers, params string[] settings)
    {
        string[] all = [.. Quick, .. settings];
        IKafkaBrokers own = TestServers.Kafka.Origin(own: true) switch
        {
            ServerOrigin.Process => await ScriptBrokers.StartAsync(TestServers.Kafka.Program()!, brokers, all),
            ServerOrigin.Container => await ContainerBrokers.StartAsync(brokers, all),
            _ => throw new InvalidOperationException(MissingReason(own: true)),
        };
        return new KafkaCluster(own.BootstrapServers, own, brokers);
    }

    /// <summary>SIGKILL: a crash.</summary>
    public Task KillBrokerAsync(int id) => Own.KillAsync(id);

    /// <summary>Starts a killed or stopped broker on its data; returns when it answers.</summary>
    public Task StartBrokerAsync(int id) => Own.StartAsync(id);

    /// <summary>Orderly stop.</summary>
    public Task StopBrokerAsync(int id) => Own.StopAsync(id);

    /// <summary>A stall: the broker's process stands still.</summary>
    public Task PauseBrokerAsync(int id) => Own.PauseAsync(id);

    /// <summary>Ends a stall.</summary>
    public Task ResumeBrokerAsync(int id) => Own.ResumeAsync(id);

    /// <summary>Id of the active controller.</summary>
    public Task<int> ControllerAsync() => Own.ControllerAsync();

    /// <summary>One of Kafka's own tools: topics, groups, configs, leaders, transactions, acls.</summary>
    /// <returns>What it printed.</returns>
    public Task<string> ToolAsync(string tool, params string[] arguments) => Own.ToolAsync(tool, arguments);

    /// <summary>Ends all brokers and deletes their data.</summary>
    public ValueTask DisposeAsync() => _brokers?.DisposeAsync() ?? ValueTask.CompletedTask;

    private IKafkaBrokers Own => _brokers ?? throw new InvalidOperationException("The cluster of TELEMETRY_KAFKA is not ours to disturb.");
}
