using System.Text;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Networks;

namespace Telemetry.Testing.Servers.ClickHouse;

/// <summary>Two ClickHouse servers as the replicas of one shard, and the Keeper that they agree through; in containers.</summary>
public sealed class ReplicatedClickHouse : IAsyncDisposable
{
    /// <summary>Name of the cluster in the servers' <c>remote_servers</c>.</summary>
    public const string Cluster = "telemetry";

    private readonly INetwork _network;
    private readonly List<IContainer> _containers;

    private ReplicatedClickHouse(INetwork network, List<IContainer> containers)
    {
        (_network, _containers) = (network, containers);
    }

    /// <summary>HTTP interfaces of the two replicas.</summary>
    public IReadOnlyList<Uri> Endpoints => [.. _containers.Skip(1).Select(ClickHouseNode.EndpointOf)];

    public string User => ClickHouseNode.UserName;

    public string Password => ClickHouseNode.Secret;

    public static async Task<ReplicatedClickHouse> StartAsync(CancellationToken cancellationToken)
    {
        var network = new NetworkBuilder().Build();
        var keeper = new ContainerBuilder(TestServers.ReplicatedClickHouse.Image.Replace("-server:", "-keeper:", StringComparison.Ordinal))
            .WithNetwork(network)
            .WithNetworkAliases("keeper")
            .WithResourceMapping(Encoding.UTF8.GetBytes(KeeperConfiguration), "/etc/clickhouse-keeper/keeper_config.xml")
            .WithWaitStrategy(Wait.ForUnixContainer().UntilInternalTcpPortIsAvailable(9181))
            .Build();
        var cluster = new ReplicatedClickHouse(network, [keeper, Replica(network, 1), Replica(network, 2)]);
        try
        {
            await network.CreateAsync(cancellationToken);
            await keeper.StartAsync(cancellationToken);
            await Task.WhenAll(cluster._containers.Skip(1).Select(replica => replica.StartAsync(cancellationToken)));
            return cluster;
        }
        catch (Exception)
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL of one replica, 1 or 2.</summary>
    public Task KillAsync(int replica, CancellationToken cancellationToken) => DockerEngine.KillAsync(_containers[replica], cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var container in _containers.AsEnumerable().Reverse())
        {
            await container.DisposeAsync();
        }

        await _network.DisposeAsync();
    }

    private static IContainer Replica(INetwork network, int number) => ClickHouseNode.Container()
        .WithNetwork(network)
        .WithNetworkAliases($"clickhouse-{number}")
        .WithResourceMapping(Encoding.UTF8.GetBytes(ServerConfiguration(number)), "/etc/clickhouse-server/config.d/cluster.xml")
        .Build();

    private static string ServerConfiguration(int number) => $"""
        <clickhouse>
          <macros><shard>1</shard><replica>{number}</replica></macros>
          <zookeeper><node><host>keeper</host><port>9181</port></node></zookeeper>
          <remote_servers>
            <{Cluster}>
              <shard>
                <internal_replication>true</internal_replication>
                <replica><host>clickhouse-1</host><port>9000</port><user>{ClickHouseNode.UserName}</user><password>{ClickHouseNode.Secret}</password></replica>
                <replica><host>clickhouse-2</host><port>9000</port><user>{ClickHouseNode.UserName}</user><password>{ClickHouseNode.Secret}</password></replica>
              </shard>
            </{Cluster}>
          </remote_servers>
          <distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
          <interserver_http_host>clickhouse-{number}</interserver_http_host>
        </clickhouse>
        """;

    private const string KeeperConfiguration = """
        <clickhouse>
          <listen_host>0.0.0.0</listen_host>
          <keeper_server>
            <tcp_port>9181</tcp_port>
            <server_id>1</server_id>
            <log_storage_path>/var/lib/clickhouse-keeper/log</log_storage_path>
            <snapshot_storage_path>/var/lib/clickhouse-keeper/snapshots</snapshot_storage_path>
            <raft_configuration><server><id>1</id><hostname>keeper</hostname><port>9234</port></server></raft_configuration>
          </keeper_server>
        </clickhouse>
        """;
}
