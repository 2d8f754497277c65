using System.Globalization;
using System.Text.RegularExpressions;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Ownership;

/// <summary>Where the server we talk to stands in its cluster, as its tables say.</summary>
/// <param name="Cluster">Cluster; null for one server.</param>
/// <param name="Shard">This server's shard, from 0.</param>
/// <param name="Shards">Shards there are.</param>
/// <param name="Replicas">Replicas of this shard, this one included.</param>
internal sealed partial record StoreLayout(string? Cluster, int Shard, int Shards, int Replicas)
{
    public static readonly StoreLayout Single = new(null, 0, 1, 1);

    /// <summary>True: this log partition's rows and markers belong into this shard's tables.</summary>
    public bool Holds(int partition) => partition % Shards == Shard;

    /// <summary>Names what there is one of for each shard, like consumer groups.</summary>
    public string Name(string name) => Shards == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-shard-{Shard}");

    /// <summary>A system table, of all replicas where there are several.</summary>
    public string System(string table) => Cluster is null ? $"system.{table}" : $"clusterAllReplicas('{Cluster}', system.{table})";

    /// <exception cref="ClickHouseException">The server is in no shard of the cluster that its tables name.</exception>
    public static async ValueTask<StoreLayout> ReadAsync(IClickHouse clickHouse, CancellationToken cancellationToken)
    {
        if (!clickHouse.IsShared)
        {
            return Single;
        }

        var view = await clickHouse.QueryRowsAsync(
            "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'readings_data' AND engine = 'Distributed'",
            null,
            cancellationToken);
        if (view.Count == 0)
        {
            return Single;
        }

        var cluster = Distributed().Match(view[0][0].Replace("\\'", "'", StringComparison.Ordinal)).Groups[1].Value;
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT maxIf(shard_num, is_local), uniqExact(shard_num), countIf(shard_num IN (SELECT shard_num FROM system.clusters WHERE cluster = {cluster:String} AND is_local)) "
            + "FROM system.clusters WHERE cluster = {cluster:String}",
            [new("cluster", cluster)],
            cancellationToken);
        int Number(int at) => int.Parse(rows[0][at], CultureInfo.InvariantCulture);
        return Number(0) > 0
            ? new StoreLayout(cluster, Number(0) - 1, Number(1), Number(2))
            : throw new ClickHouseException(0, $"The server is in no shard of cluster {cluster}: see is_local in system.clusters, and connect to a server of the cluster.");
    }

    [GeneratedRegex(@"Distributed\('([^']+)'")]
    private static partial Regex Distributed();
}
