using System.Globalization;
using Telemetry.Contracts;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Writing;
using Telemetry.Streams;

namespace Telemetry.Storage.Deletion;

/// <summary>
/// Deletes what the store holds of one device, in every table. First it is written down up to which offsets of the log: a crash in between leaves rows that another
/// run deletes, never readings that come back. To run while no sink does.
/// </summary>
public static class DeviceDeletion
{
    private static readonly string[] Tables = [.. SinkTarget.All.Select(t => t.Table), .. EventTables.All.Select(t => t.Table)];

    /// <param name="log">The log the store is filled from.</param>
    /// <param name="clickHouse">The store.</param>
    /// <param name="device">Whose data.</param>
    /// <param name="by">Who deletes it.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellationToken">Ends the wait; what is written down stays, and deleting goes on at the next call.</param>
    /// <returns>Raw readings that were stored.</returns>
    /// <exception cref="NotSupportedException">The store is a cluster.</exception>
    public static async ValueTask<long> RunAsync(
        IRecordLog log, IClickHouse clickHouse, string device, string by, TimeProvider time, CancellationToken cancellationToken)
    {
        if ((await StoreLayout.ReadAsync(clickHouse, cancellationToken)).Cluster is not null)
        {
            throw new NotSupportedException("The store is a cluster: delete a device's rows there with ALTER TABLE ... ON CLUSTER ... DELETE (docs/howto/delete-device.md).");
        }

        List<KeyValuePair<string, string>> name = [new("device", device)];
        var stored = long.Parse(
            (await clickHouse.QueryRowsAsync("SELECT count() FROM readings WHERE device = {device:String}", name, cancellationToken))[0][0], CultureInfo.InvariantCulture);
        foreach (var topic in EventTables.All.Select(t => t.Topic).Prepend(LogTopics.Readings))
        {
            await NoteAsync(log, clickHouse, topic, device, by, time, cancellationToken);
        }

        foreach (var table in Tables)
        {
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery($"ALTER TABLE {table} DELETE WHERE device = {{device:String}} SETTINGS mutations_sync = 1", name), cancellationToken);
        }

        return stored;
    }

    private static async ValueTask NoteAsync(
        IRecordLog log, IClickHouse clickHouse, string topic, string device, string by, TimeProvider time, CancellationToken cancellationToken)
    {
        var partitions = await log.QueryPartitionCountAsync(topic, cancellationToken);
        for (var partition = 0; partition < partitions; partition++)
        {
            var end = (await log.QueryOffsetsAsync(new TopicPartition(topic, partition), cancellationToken)).High;
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery(
                    "INSERT INTO device_deletions SELECT {device:String}, {topic:String}, {partition:Int32}, {below:Int64}, fromUnixTimestamp64Milli({now:Int64}, 'UTC'), {by:String}",
                    [
                        new("device", device),
                        new("topic", topic),
                        new("partition", partition.ToString(CultureInfo.InvariantCulture)),
                        new("below", end.ToString(CultureInfo.InvariantCulture)),
                        new("now", time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)),
                        new("by", by),
                    ]),
                cancellationToken);
        }
    }
}
