using System.Globalization;
using System.Text;
using Telemetry.Contracts;
using Telemetry.Query;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Host.Deletion;

/// <summary>
/// Orders the deletion of a device's data. The orders are records of the log, beside the device's own: each role carries out what concerns it when it comes to
/// them, wherever it runs, and again in every replay. docs/howto/delete-device.md says what goes where.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="sessionLog">Where brokers keep sessions and retained messages; mostly the log.</param>
/// <param name="clickHouse">Asked how far the stores are.</param>
/// <param name="query">Catalogue and alarm rules.</param>
/// <param name="dropUnder">Drops what sessions of this process have waiting under a topic; null where its broker reads that in the log, or there is none.</param>
/// <param name="time">Clock.</param>
internal sealed class DeletionDesk(
    IRecordLog log, IRecordLog sessionLog, IClickHouse clickHouse, QueryRole query, Action<string, IReadOnlyList<byte[]>>? dropUnder, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Topics whose records the store notes when they are deleted: readings first, the others follow from them.</summary>
    private static readonly string[] Noted = [LogTopics.Readings, LogTopics.Anomalies, LogTopics.Incidents, LogTopics.DeviceEvents, LogTopics.Alarms];

    /// <summary>Puts the orders onto the log, then waits until the stores have carried them out.</summary>
    /// <param name="device">Whose data.</param>
    /// <param name="by">Who orders it.</param>
    /// <param name="wait">Longest wait; what is not done by then goes on by itself.</param>
    /// <param name="cancellationToken">Gives up; what was ordered is done all the same.</param>
    /// <exception cref="RecordLogException">The log did not take all of it; order it again.</exception>
    public async Task<DeletionAnswer> RunAsync(string device, string by, TimeSpan wait, CancellationToken cancellationToken)
    {
        var deletion = new DeviceDeletion(device, by);
        var readings = long.Parse(
            (await clickHouse.QueryRowsAsync("SELECT count() FROM readings_data WHERE device = {device:String}", [new("device", device)], cancellationToken))[0][0],
            CultureInfo.InvariantCulture);
        var asked = time.GetUtcNow();
        var now = asked.ToUnixTimeMilliseconds();
        await using (var producer = log.CreateProducer(new ProducerOptions { InFlightBytesMax = 4 << 20 }))
        {
            foreach (var topic in (string[])[LogTopics.Commands, LogTopics.CommandResults, LogTopics.Readings])
            {
                await deletion.AppendAsync(producer, topic, null, null, now, cancellationToken);
            }
        }

        var retained = await DeleteMessagesAsync(deletion, now, cancellationToken);
        var entries = query.Catalogue is { } catalogue ? await catalogue.DeleteDeviceAsync(deletion, cancellationToken) : 0;
        var deadline = asked + wait;
        IReadOnlyList<string> missing;
        while ((missing = await MissingAsync(device, asked, cancellationToken)).Count > 0 && time.GetUtcNow() < deadline)
        {
            await Task.Delay(Pause, time, cancellationToken);
        }

        return new DeletionAnswer(device, readings, missing.Count == 0, missing, retained, entries, query.RulesNaming(device));
    }

    /// <summary>Retained messages of the device's topics, and what sessions have waiting of them.</summary>
    private async Task<int> DeleteMessagesAsync(DeviceDeletion deletion, long now, CancellationToken cancellationToken)
    {
        var prefix = DeviceTopics.PrefixOf(deletion.Device);
        var topics = await RetainedTopics.UnderAsync(sessionLog, prefix, cancellationToken);
        await using var producer = sessionLog.CreateProducer(new ProducerOptions { InFlightBytesMax = 4 << 20 });
        foreach (var topic in topics)
        {
            await producer.AppendAsync(LogTopics.MqttRetained, null, topic, ReadOnlyMemory<byte>.Empty, now, cancellationToken);
        }

        // Messages are partitioned by who published them, so each partition may have some.
        var partitions = await sessionLog.QueryPartitionCountAsync(LogTopics.Messages, cancellationToken);
        for (var partition = 0; partition < partitions; partition++)
        {
            await deletion.AppendAsync(producer, LogTopics.Messages, partition, Encoding.UTF8.GetBytes(deletion.Device), now, cancellationToken);
        }

        dropUnder?.Invoke(prefix, topics);
        return topics.Count;
    }

    /// <summary>Topics whose deletion no store has noted since it was asked for.</summary>
    private async Task<IReadOnlyList<string>> MissingAsync(string device, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var noted = await clickHouse.QueryRowsAsync(
            "SELECT DISTINCT topic FROM device_deletions WHERE device = {device:String} AND deleted_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')",
            [new("device", device), new("since", since.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture))],
            cancellationToken);
        return [.. Noted.Except(noted.Select(row => row[0]))];
    }
}
