using System.Globalization;
using Telemetry.Contracts.Measurement;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Verification;
using Telemetry.Storage.Writing;

namespace Telemetry.Storage.Sink;

/// <summary>
/// The INSERTs of the running sink, into the main table and into the rollups, with their markers in chains: the ranges of one chain and month
/// always join up. Each of the two has at most one INSERT in flight and its own buffers.
/// </summary>
internal sealed class SinkWriter(
    IClickHouse clickHouse, SinkStream stream, SinkClaims claims, PartsScrubber? scrubber, SinkOptions options, SinkMetrics metrics, TimeProvider time)
    : IDisposable
{
    private readonly IReadOnlyList<string> _tables = [.. stream.Targets.Select(t => t.Table)];
    private readonly RowInserter _main = new(stream, claims);
    private readonly RowInserter _rollups = new(stream, claims);

    /// <summary>Stores a batch in the main table. The partitions' highs move when it is acknowledged, by <see cref="Acknowledge"/>.</summary>
    public async Task StoreAsync(
        SinkBatch batch, IReadOnlyList<Marker> markers, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        using var trace = batch.Traces.StartBatch(stream.Main.Table, batch.Rows.Count);
        await _main.InsertAsync([stream.Main], [batch.Rows], markers, cancellationToken);
        batch.Traces.Stored(trace);
        metrics.Inserted(stream.Label, time.GetElapsedTime(start));
        if (!stream.HasIds)
        {
            return;
        }

        metrics.Stored(batch.Rows.Count);
        var now = UnixMicros.From(time.GetUtcNow());
        foreach (var (since, count) in batch.Samples)
        {
            metrics.Queryable(now - since, count);
        }
    }

    /// <summary>
    /// Stores batches in all rollups; then, before the checkpoint moves, gives the scrubber a moment to read back what was written since
    /// the last time.
    /// </summary>
    /// <param name="batches">Batches.</param>
    /// <param name="markers">Their markers.</param>
    /// <param name="partitions">Log partitions whose checkpoint is to move.</param>
    /// <param name="cancellationToken">Leaves the INSERT in doubt.</param>
    /// <exception cref="DamagedPartException">A part was broken; recovery has to fill its rows in again.</exception>
    public async Task StoreRollupsAsync(
        IReadOnlyList<SinkBatch> batches, IReadOnlyList<Marker> markers, IEnumerable<int> partitions, CancellationToken cancellationToken)
    {
        var blocks = batches.Select(b => b.Rows).Where(b => b.Count > 0).ToList();
        if (stream.HasRollups && blocks.Count > 0)
        {
            var start = time.GetTimestamp();
            using var trace = StorageTraces.StartRollups(batches, string.Join(", ", stream.Rollups.Select(r => r.Table)));
            await _rollups.InsertAsync(stream.Rollups, blocks, markers, cancellationToken);
            metrics.Inserted("rollups", time.GetElapsedTime(start));
            metrics.RolledUp(blocks.Sum(b => b.Count));
        }

        if (scrubber is null || (await claims.LayoutAsync(cancellationToken)).Cluster is not null)
        {
            return;
        }

        await scrubber.WaitAsync(freshOnly: true, options.PartsCheckWait, cancellationToken);
        foreach (var partition in partitions)
        {
            // Found just now, or by another sink on this store.
            if (await BrokenPartsLedger.PendingAsync(clickHouse, _tables, partition, cancellationToken) is { Count: > 0 } broken)
            {
                throw new DamagedPartException(
                    $"{broken.Count} parts written since the last checkpoint were broken and have been detached, for example {broken[0].Part} of {broken[0].Table}.");
            }
        }
    }

    /// <summary>Markers of one INSERT: for each partition and month in it, from where its chain ends to the last offset consumed.</summary>
    public static IReadOnlyList<Marker> MarkersOf(
        IReadOnlyList<SinkBatch> batches,
        IReadOnlyDictionary<int, PartitionState> partitions,
        IReadOnlyDictionary<int, long> nexts,
        Func<PartitionState, Dictionary<int, long>> highs)
    {
        var newest = new Dictionary<(int Partition, int Month), long>();
        foreach (var (group, time) in batches.SelectMany(b => b.Rows.Newest))
        {
            newest[group] = Math.Max(time, newest.GetValueOrDefault(group));
        }

        return
        [
            .. newest.Select(group =>
            {
                var partition = partitions[group.Key.Partition];
                var first = highs(partition).TryGetValue(group.Key.Month, out var high) ? high + 1 : partition.Chain;
                var chain = partition.Chain.ToString(CultureInfo.InvariantCulture);
                return new Marker(group.Key.Partition, group.Key.Month, chain, first, nexts[group.Key.Partition] - 1, group.Value);
            }),
        ];
    }

    /// <summary>The INSERT with these markers is acknowledged.</summary>
    public static void Acknowledge(
        IReadOnlyList<Marker> markers,
        IReadOnlyDictionary<int, PartitionState> partitions,
        Func<PartitionState, Dictionary<int, long>> highs)
    {
        foreach (var marker in markers)
        {
            highs(partitions[marker.Partition])[marker.Month] = marker.Last;
        }
    }

    public void Dispose()
    {
        _main.Dispose();
        _rollups.Dispose();
    }
}
