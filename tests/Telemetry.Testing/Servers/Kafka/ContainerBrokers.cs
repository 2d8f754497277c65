using System.Globalization;
using System.Text.RegularExpressions;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Networks;

namespace Telemetry.Testing.Servers.Kafka;

/// <summary>
/// Brokers in containers, each broker and controller in one (KRaft). A broker keeps its host port when it is started again, because the
/// port is chosen before the container is made: clients are told it as the broker's address.
/// </summary>
internal sealed partial class ContainerBrokers : IKafkaBrokers
{
    private const int Inside = 9092;
    private const int Outside = 19092;
    private const string Bin = "/opt/kafka/bin";

    private readonly INetwork _network;
    private readonly IContainer[] _containers;

    private ContainerBrokers(INetwork network, IContainer[] containers, string servers)
    {
        (_network, _containers, BootstrapServers) = (network, containers, servers);
    }

    public string BootstrapServers { get; }

    /// <param name="brokers">1 to 9.</param>
    /// <param name="settings">Broker properties, <c>key=value</c>.</param>
    public static async Task<ContainerBrokers> StartAsync(int brokers, IEnumerable<string> settings)
    {
        var network = new NetworkBuilder().Build();
        var ports = FreePorts.Find(brokers);
        string[] chosen = [.. settings];
        IContainer[] containers = [.. Enumerable.Range(1, brokers).Select(id => Build(network, id, ports, chosen))];
        var cluster = new ContainerBrokers(network, containers, string.Join(',', ports.Select(port => $"127.0.0.1:{port}")));
        try
        {
            await network.CreateAsync();
            await Task.WhenAll(containers.Select(container => container.StartAsync()));
            return cluster;
        }
        catch (Exception)
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public Task KillAsync(int id) => DockerEngine.KillAsync(this[id]);

    public Task StartAsync(int id) => this[id].StartAsync();

    public Task StopAsync(int id) => this[id].StopAsync();

    public Task PauseAsync(int id) => this[id].PauseAsync();

    public Task ResumeAsync(int id) => this[id].UnpauseAsync();

    public async Task<int> ControllerAsync()
    {
        var status = await RunAsync("kafka-metadata-quorum.sh", ["describe", "--status"]);
        return Leader().Match(status) is { Success: true } leader
            ? int.Parse(leader.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"no LeaderId in: {status}");
    }

    public Task<string> ToolAsync(string tool, IReadOnlyList<string> arguments) => tool switch
    {
        "topics" => RunAsync("kafka-topics.sh", arguments),
        "groups" => RunAsync("kafka-consumer-groups.sh", arguments),
        "configs" => RunAsync("kafka-configs.sh", arguments),
        "leaders" => RunAsync("kafka-leader-election.sh", arguments),
        "transactions" => RunAsync("kafka-transactions.sh", arguments),
        "acls" => RunAsync("kafka-acls.sh", arguments),
        _ => throw new ArgumentException($"no tool of Kafka: {tool}", nameof(tool)),
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var container in _containers)
        {
            await container.DisposeAsync();
        }

        await _network.DisposeAsync();
    }

    private IContainer this[int id] => _containers[id - 1];

    private static IContainer Build(INetwork network, int id, int[] ports, IReadOnlyList<string> settings)
    {
        var copies = Math.Min(3, ports.Length).ToString(CultureInfo.InvariantCulture);
        var voters = string.Join(',', Enumerable.Range(1, ports.Length).Select(i => $"{i}@kafka-{i}:9093"));
        var builder = new ContainerBuilder(TestServers.Kafka.Image)
            .WithNetwork(network)
            .WithNetworkAliases($"kafka-{id}")
            .WithPortBinding(ports[id - 1], Outside)
            .WithEnvironment("CLUSTER_ID", "dGVsZW1ldHJ5LXRlc3RzIQ")
            .WithEnvironment("KAFKA_NODE_ID", id.ToString(CultureInfo.InvariantCulture))
            .WithEnvironment("KAFKA_PROCESS_ROLES", "broker,controller")
            .WithEnvironment("KAFKA_CONTROLLER_QUORUM_VOTERS", voters)
            .WithEnvironment("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER")
            .WithEnvironment("KAFKA_LISTENERS", $"INSIDE://:{Inside},OUTSIDE://:{Outside},CONTROLLER://:9093")
            .WithEnvironment("KAFKA_ADVERTISED_LISTENERS", $"INSIDE://kafka-{id}:{Inside},OUTSIDE://127.0.0.1:{ports[id - 1]}")
            .WithEnvironment("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT")
            .WithEnvironment("KAFKA_INTER_BROKER_LISTENER_NAME", "INSIDE")
            .WithEnvironment("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
            .WithEnvironment("KAFKA_DEFAULT_REPLICATION_FACTOR", copies)
            .WithEnvironment("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", copies)
            .WithEnvironment("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", copies)
            .WithEnvironment("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", ports.Length > 1 ? "2" : "1")
            .WithEnvironment("KAFKA_MIN_INSYNC_REPLICAS", ports.Length > 1 ? "2" : "1")
            .WithEnvironment("KAFKA_HEAP_OPTS", "-Xmx384m")
            .WithWaitStrategy(Wait.ForUnixContainer().UntilCommandIsCompleted(
                $"{Bin}/kafka-broker-api-versions.sh", "--bootstrap-server", $"localhost:{Inside}"));
        return settings.Select(setting => setting.Split('=', 2)).Aggregate(
            builder, (with, pair) => with.WithEnvironment("KAFKA_" + pair[0].ToUpperInvariant().Replace('.', '_'), pair[1])).Build();
    }

    private async Task<string> RunAsync(string script, IReadOnlyList<string> arguments)
    {
        var running = _containers.FirstOrDefault(c => c.State == TestcontainersStates.Running)
            ?? throw new InvalidOperationException("no broker is running");
        var result = await running.ExecAsync([$"{Bin}/{script}", "--bootstrap-server", $"localhost:{Inside}", .. arguments]);
        return result.ExitCode == 0
            ? result.Stdout.Trim()
            : throw new InvalidOperationException($"{script} ended with {result.ExitCode}: {result.Stderr}");
    }

    [GeneratedRegex(@"LeaderId:\s+(\d+)")]
    private static partial Regex Leader();
}
