using System.Globalization;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Ownership;

/// <summary>
/// A claim counts when every replica of the shard has it: each checks INSERTs against its own copy, and one that lags would let a
/// former owner's through. A replica that is down holds a take-over up until it is back or taken out of the cluster.
/// </summary>
internal sealed class ClaimReplication(IClickHouse clickHouse, StoreLayout layout, FenceOptions options, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <exception cref="ClickHouseException">A replica does not have it in time, or cannot be asked.</exception>
    public async ValueTask WaitAsync(string source, Claim claim, int partitions, CancellationToken cancellationToken)
    {
        if (layout.Cluster is null)
        {
            return;
        }

        var start = time.GetTimestamp();
        while (true)
        {
            var hosts = await clickHouse.QueryRowsAsync(
                $"SELECT host FROM (SELECT hostName() || ':' || toString(tcpPort()) AS host, partition FROM clusterAllReplicas('{layout.Cluster}', currentDatabase(), sink_claims) "
                + "WHERE source = {source:String} AND claim = ({epoch:UInt64}, {owner:String})) GROUP BY host HAVING uniqExact(partition) = {partitions:UInt64} "
                + "SETTINGS skip_unavailable_shards = 0",
                [
                    new("source", source),
                    new("epoch", claim.Epoch.ToString(CultureInfo.InvariantCulture)),
                    new("owner", claim.Owner),
                    new("partitions", partitions.ToString(CultureInfo.InvariantCulture)),
                ],
                cancellationToken);
            if (hosts.Count >= layout.Replicas)
            {
                return;
            }

            if (time.GetElapsedTime(start) > options.Timeout)
            {
                throw new ClickHouseException(
                    ClickHouseErrors.TimeoutExceeded,
                    $"Only {hosts.Count} of {layout.Replicas} replicas of shard {layout.Shard + 1} of {layout.Cluster} have the claim on {source} after "
                    + $"{options.Timeout}: {string.Join(", ", hosts.Select(h => h[0]))}. Bring the others back (see system.replicas) or take them "
                    + "out of the cluster. The sink tries again.");
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}
