using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Rollups;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Writing;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Storage.Deletion;

/// <summary>
/// Carries out one order to delete a device's data, in the tables of one stream, while the stream stands at the order's record: everything below is stored and
/// behind a checkpoint, nothing above is. So what is deleted is exactly what the log has below the record. The note in <c>device_deletions</c> comes last: after a
/// crash the record is met again, and deleting again deletes the same.
/// </summary>
/// <param name="clickHouse">The store.</param>
/// <param name="stream">Whose tables.</param>
/// <param name="claims">Says whether the partition is still ours.</param>
/// <param name="logger">Told what was deleted.</param>
/// <param name="time">Clock.</param>
internal sealed class DeviceRemoval(IClickHouse clickHouse, SinkStream stream, SinkClaims claims, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <param name="record">The order's record.</param>
    /// <param name="deletion">The order.</param>
    /// <param name="cancellationToken">Stops waiting; the engine goes on with what it was told.</param>
    /// <exception cref="ClaimLostException">The partition is another sink's: it does the work.</exception>
    /// <exception cref="ClickHouseException">The store failed.</exception>
    public async Task RunAsync(LogRecord record, DeviceDeletion deletion, CancellationToken cancellationToken)
    {
        var layout = await claims.LayoutAsync(cancellationToken);
        var rows = stream.RowsOf(record, deletion);
        await claims.VerifyAsync(record.Partition, cancellationToken);
        if (stream.HasRollups)
        {
            await EndFleetsAsync(deletion.Device, cancellationToken);
        }

        foreach (var target in stream.Targets)
        {
            foreach (var statement in await RenderAsync(layout, rows.Statement(target.Table), cancellationToken))
            {
                await clickHouse.ExecuteAsync(new ClickHouseQuery(statement, rows.Parameters, Kind: QueryKind.Sink), cancellationToken);
            }
        }

        foreach (var target in stream.Targets)
        {
            await WaitAsync(layout, target.Table, cancellationToken);
        }

        await NoteAsync(record, deletion, cancellationToken);
        Log.DeviceDeleted(logger, deletion.Device, stream.Label, record.Partition, record.Offset, deletion.By);
    }

    /// <summary>As other DDL: on a cluster on every host.</summary>
    private async ValueTask<IEnumerable<string>> RenderAsync(StoreLayout layout, string statement, CancellationToken cancellationToken)
    {
        if (layout.Cluster is not { } cluster)
        {
            return [statement];
        }

        var database = (await clickHouse.QueryRowsAsync("SELECT currentDatabase()", null, cancellationToken, QueryKind.Sink))[0][0];
        return new ClusterDdl(cluster, database).Render(statement);
    }

    /// <summary>
    /// Up to the device's newest reading, the rows of all devices together (<see cref="FleetRows"/>) count it, and nothing can take it out of them: from here on
    /// they answer only for what is newer. Comes before the rows go, so that after a crash in between it is known, or can be found again.
    /// </summary>
    private async ValueTask EndFleetsAsync(string device, CancellationToken cancellationToken) => await clickHouse.ExecuteAsync(
        new ClickHouseQuery(
            $"INSERT INTO horizon_floors SELECT '{FleetRows.Horizon}', toDateTime64(toStartOfHour(tupleElement(newest, 1)) + toIntervalHour(1), 6, 'UTC') "
            + "FROM (SELECT max(last) AS newest, count() AS rows FROM readings_last_data WHERE device = {device:String}) WHERE rows > 0 SETTINGS async_insert = 0",
            [new("device", device)],
            Kind: QueryKind.Sink),
        cancellationToken);

    /// <summary>Until no mutation of the table is under way, on any replica. A large table may take hours.</summary>
    private async ValueTask WaitAsync(StoreLayout layout, string table, CancellationToken cancellationToken)
    {
        var pause = Pause;
        while (true)
        {
            var state = (await clickHouse.QueryRowsAsync(
                $"SELECT count(), any(latest_fail_reason) FROM {layout.System("mutations")} WHERE database = currentDatabase() AND table = {{table:String}} AND NOT is_done",
                [new("table", table)],
                cancellationToken,
                QueryKind.Sink))[0];
            if (state[0] == "0")
            {
                return;
            }

            if (state[1].Length > 0)
            {
                throw new ClickHouseException(0, $"Rows cannot be deleted from {table}: {state[1]}");
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause < TimeSpan.FromSeconds(1) ? pause * 2 : pause;
        }
    }

    private async ValueTask NoteAsync(LogRecord record, DeviceDeletion deletion, CancellationToken cancellationToken)
    {
        List<KeyValuePair<string, string>> parameters =
        [
            new("device", deletion.Device),
            new("topic", record.Topic),
            new("partition", record.Partition.ToString(CultureInfo.InvariantCulture)),
            new("below", record.Offset.ToString(CultureInfo.InvariantCulture)),
            new("now", time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)),
            new("by", deletion.By),
        ];
        await clickHouse.ExecuteAsync(
            new ClickHouseQuery(
                "INSERT INTO device_deletions SELECT {device:String}, {topic:String}, {partition:Int32}, {below:Int64}, fromUnixTimestamp64Milli({now:Int64}, 'UTC'), {by:String} "
                + "SETTINGS async_insert = 0",
                parameters,
                Kind: QueryKind.Sink),
            cancellationToken);
    }
}
