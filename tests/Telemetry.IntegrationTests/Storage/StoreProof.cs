using System.Globalization;
using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>
/// Compares a store with its log: raw row by row with the distinct readings, every rollup with what raw gives, the latest
/// values, markers hidden and sums of n, and the dead letters with the records that are no batches.
/// </summary>
internal static class StoreProof
{
    private const int DifferencesMax = 50;

    public static async Task<IReadOnlyList<string>> FindDifferencesAsync(IRecordLog log, IClickHouse clickHouse)
    {
        var differences = new List<string>();
        var (expected, undecodable) = await ExpectedAsync(log);
        await CompareRawAsync(clickHouse, expected, differences);
        var audit = new AuditQueries(clickHouse);
        foreach (var rollup in AuditQueries.Rollups)
        {
            await foreach (var difference in audit.CompareAsync(rollup, CancellationToken.None))
            {
                if (differences.Count < DifferencesMax)
                {
                    differences.Add(difference.ToString());
                }
            }
        }

        differences.AddRange((await audit.TotalsAsync(CancellationToken.None))
            .Where(t => t.Readings != expected.Count).Select(t => $"{t.Table} has {t.Readings} readings, the log {expected.Count}"));
        var last = await TextAsync(
            clickHouse,
            "SELECT count() FROM (SELECT sensor, device, max((event_time, sequence, isNaN(value) ? 0. : value)) AS l FROM readings_data GROUP BY sensor, device) AS r "
            + "FULL JOIN (SELECT sensor, device, max(last) AS m FROM readings_last_data GROUP BY sensor, device) AS s USING (sensor, device) "
            + "WHERE (l.1, l.2) != (m.1, m.2) SETTINGS join_use_nulls = 1");
        if (last != "0")
        {
            differences.Add($"{last} latest values differ");
        }

        undecodable += await EventProof.CompareAsync(log, clickHouse, differences);
        var letters = await DeadLettersAsync(log);
        if (letters.Count != undecodable || letters.Distinct().Count() != letters.Count)
        {
            differences.Add($"{letters.Count} dead letters ({letters.Distinct().Count()} distinct), {undecodable} undecodable records");
        }

        return differences;
    }

    private static async Task CompareRawAsync(
        IClickHouse clickHouse, Dictionary<EventId, string> expected, List<string> differences)
    {
        var missing = new HashSet<EventId>(expected.Keys);
        using var stream = new MemoryStream();
        await clickHouse.StreamAsync(
            new ClickHouseQuery(
                "SELECT device, boot, sequence, sensor, toUnixTimestamp64Micro(event_time), reinterpretAsUInt64(value), quality FROM readings_data",
                Format: "TabSeparated"),
            stream,
            CancellationToken.None);
        foreach (var line in Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var f = line.Split('\t', 4);
            var id = new EventId(f[0], ulong.Parse(f[1], CultureInfo.InvariantCulture), ulong.Parse(f[2], CultureInfo.InvariantCulture));
            var difference = !missing.Remove(id) ? $"raw has {id} {(expected.ContainsKey(id) ? "twice" : "from nowhere")}"
                : expected[id] != f[3] ? $"raw has {id} as {f[3]}, the log as {expected[id]}"
                : null;
            if (difference is not null && differences.Count < DifferencesMax)
            {
                differences.Add(difference);
            }
        }

        if (missing.Count > 0)
        {
            differences.Add($"raw lacks {missing.Count} readings, for example {missing.First()}");
        }
    }

    private static async Task<(Dictionary<EventId, string> Readings, int Undecodable)> ExpectedAsync(IRecordLog log)
    {
        var readings = new Dictionary<EventId, string>();
        var undecodable = 0;
        var buffer = new ReadingBatchBuffer();
        await ReadAsync(log, KafkaTopics.Readings, record =>
        {
            if (!ConfluentFrame.TryRead(record.Value, out _, out var message) || !buffer.TryDecode(message, out _))
            {
                undecodable++;
                return;
            }

            var device = Encoding.ASCII.GetString(buffer.Device);
            for (var i = 0; i < buffer.Count; i++)
            {
                readings.TryAdd(
                    new EventId(device, buffer.BootId, buffer.FirstSequence + (ulong)i),
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Encoding.ASCII.GetString(buffer.Sensor(buffer.SensorIndexes[i]))}\t{buffer.EventTimes[i]}\t{BitConverter.DoubleToUInt64Bits(buffer.Values[i])}\t{(int)buffer.Qualities[i]}"));
            }
        });
        return (readings, undecodable);
    }

    private static async Task<List<(string Topic, int Partition, long Offset)>> DeadLettersAsync(IRecordLog log)
    {
        var letters = new List<(string, int, long)>();
        await ReadAsync(log, KafkaTopics.DeadLetters, record =>
        {
            ConfluentFrame.TryRead(record.Value, out _, out var message).ShouldBeTrue();
            var letter = DeadLetter.Parser.ParseFrom(message.Span);
            letter.Stage.ShouldBe("storage");
            letters.Add((letter.Source, letter.SourcePartition, letter.SourceOffset));
        });
        return letters;
    }

    internal static async Task ReadAsync(IRecordLog log, string topic, Action<LogRecord> take)
    {
        var partitions = await log.QueryPartitionCountAsync(topic, CancellationToken.None);
        for (var i = 0; i < partitions; i++)
        {
            var partition = new TopicPartition(topic, i);
            var range = await log.QueryOffsetsAsync(partition, CancellationToken.None);
            await using var consumer = log.CreateConsumer(new ConsumerOptions());
            consumer.Assign([partition]);
            consumer.Seek(partition, range.Low);
            while (consumer.Position(partition) < range.High)
            {
                foreach (var record in await consumer.PollAsync(4096, TimeSpan.FromMilliseconds(100), CancellationToken.None))
                {
                    take(record);
                }
            }
        }
    }

    private static async Task<string> TextAsync(IClickHouse clickHouse, string sql)
    {
        var result = await clickHouse.QueryAsync(new ClickHouseQuery(sql, Format: "TabSeparated"), CancellationToken.None);
        return Encoding.UTF8.GetString(result.Body.Span).Trim();
    }
}
