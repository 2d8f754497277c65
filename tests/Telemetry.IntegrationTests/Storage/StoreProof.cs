using System.Globalization;
using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>
/// Compares a store with its log: raw row by row with the distinct readings, every rollup and the latest values with what the readings of
/// the log give, anomalies and device events column by column, and the dead letters with the records that are no batches. An oracle of its
/// own: it shares no query and no arithmetic with the store's audit.
/// </summary>
internal static class StoreProof
{
    private const int DifferencesMax = 50;

    public static async Task<IReadOnlyList<string>> FindDifferencesAsync(IRecordLog log, IClickHouse clickHouse)
    {
        var differences = new List<string>();
        void Differs(string difference)
        {
            if (differences.Count < DifferencesMax)
            {
                differences.Add(difference);
            }
        }

        var expected = await ExpectedReadings.ReadAsync(log);
        await CompareRawAsync(clickHouse, expected.All, Differs);
        await RollupProof.CompareAsync(expected, clickHouse, Differs);
        var undecodable = expected.Undecodable + await EventProof.CompareAsync(log, clickHouse, differences);
        var letters = await DeadLettersAsync(log);
        if (letters.Count != undecodable || letters.Distinct().Count() != letters.Count)
        {
            differences.Add($"{letters.Count} dead letters ({letters.Distinct().Count()} distinct), {undecodable} undecodable records");
        }

        return differences;
    }

    private static async Task CompareRawAsync(
        IClickHouse clickHouse, Dictionary<EventId, ExpectedReading> expected, Action<string> differs)
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
            if (!missing.Remove(id))
            {
                differs($"raw has {id} {(expected.ContainsKey(id) ? "twice" : "from nowhere")}");
            }
            else if (Text(expected[id]) != f[3])
            {
                differs($"raw has {id} as {f[3]}, the log as {Text(expected[id])}");
            }
        }

        if (missing.Count > 0)
        {
            differs($"raw lacks {missing.Count} readings, for example {missing.First()}");
        }
    }

    private static string Text(ExpectedReading reading) => string.Create(
        CultureInfo.InvariantCulture,
        $"{reading.Sensor}\t{reading.TimeUs}\t{BitConverter.DoubleToUInt64Bits(reading.Value)}\t{reading.Quality}");

    private static async Task<List<(string Topic, int Partition, long Offset)>> DeadLettersAsync(IRecordLog log)
    {
        var letters = new List<(string, int, long)>();
        await ReadAsync(log, LogTopics.DeadLetters, record =>
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
}
