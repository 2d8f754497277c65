using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Contracts.Wire;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Query;

/// <summary>What the log holds and with which schemas, and from when on the store is complete.</summary>
[Collection(EngineFixture.Collection)]
public sealed class TopicsApiTests(QueryStore store) : IClassFixture<QueryStore>
{
    [Fact]
    public async Task Topics_tell_their_size_and_the_schemas_of_their_newest_records()
    {
        var folder = Directory.CreateTempSubdirectory("telemetry-topics-");
        try
        {
            await using var log = JournalLog.Open(new JournalOptions { Directory = folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
            await log.EnsureTopicsAsync([new TopicSpec(LogTopics.Readings, 4), new TopicSpec(LogTopics.Commands, 1)], QueryStore.Token);
            await using var producer = log.CreateProducer(new ProducerOptions());
            var at = DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_000);

            // Version 1, version 2 behind many of version 1, one written while the registry was away, and one with an id of the registry.
            Append(producer, 0, SchemaIds.ReadingBatch, at, 1);
            Append(producer, 1, SchemaIds.ReadingBatch, at, 50);
            Append(producer, 1, SchemaIds.ReadingBatchV2, at.AddSeconds(7), 4);
            Append(producer, 2, SchemaIds.Provisional(SchemaIds.ReadingBatchV2), at, 1);
            Append(producer, 3, 4711, at, 1);
            await producer.FlushAsync(QueryStore.Token);
            await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time, log: log);

            var topics = (await server.Client.GetJsonAsync("/api/v1/topics")).GetProperty("topics").EnumerateArray().ToDictionary(t => t.GetProperty("topic").GetString()!);

            var readings = topics[LogTopics.Readings];
            (readings.GetProperty("partitions").GetInt32(), readings.GetProperty("records").GetInt64(), readings.GetProperty("removed").GetInt64()).ShouldBe((4, 57, 0));
            readings.GetProperty("newest").GetDateTimeOffset().ShouldBe(at.AddSeconds(7));
            readings.GetProperty("schemas").EnumerateArray().Select(s => (s.GetProperty("id").GetInt32(), s.GetProperty("message").GetString(), s.GetProperty("isProvisional").GetBoolean())).ShouldBe(
            [
                (SchemaIds.ReadingBatch, "telemetry.v1.ReadingBatch", false), (SchemaIds.ReadingBatchV2, "telemetry.v2.ReadingBatch", false), (4711, null, false),
                (SchemaIds.Provisional(SchemaIds.ReadingBatchV2), "telemetry.v2.ReadingBatch", true),
            ]);
            (topics[LogTopics.Commands].GetProperty("records").GetInt64(), topics[LogTopics.Commands].GetProperty("newest").ValueKind).ShouldBe((0, JsonValueKind.Null));
            topics.ShouldNotContainKey(LogTopics.Sparkplug, "its role has never run");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Horizon_says_from_when_on_each_table_is_complete_and_why()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);
        await store.RunAsync("INSERT INTO horizon_floors VALUES ('readings_1m', toDateTime64('2026-03-01 00:00:00', 6, 'UTC'))");

        var tables = (await server.Client.GetJsonAsync("/api/v1/store/horizon")).GetProperty("tables").EnumerateArray().ToDictionary(t => t.GetProperty("table").GetString()!);

        tables.Keys.ShouldBe(["readings", "readings_1m", "readings_1h", "readings_1d", "anomalies", "device_events", "incidents", "alarms"]);
        tables["readings"].GetProperty("cause").GetString().ShouldBe("retention");
        tables["readings"].GetProperty("completeFrom").GetDateTimeOffset().ShouldBe(DateTimeOffset.UtcNow.AddDays(-730), TimeSpan.FromDays(32));
        (await server.Client.GetProblemAsync("/api/v1/topics", 503)).GetProperty("title").GetString().ShouldBe("There is no log here");
    }

    private static void Append(IRecordProducer producer, int partition, int schema, DateTimeOffset at, int count)
    {
        for (var i = 0; i < count; i++)
        {
            producer.TryAppend(
                new NewRecord
                {
                    Topic = LogTopics.Readings, Partition = partition, Key = Encoding.ASCII.GetBytes("press-07"), Value = ConfluentFrame.Header(schema), TimestampMs = at.ToUnixTimeMilliseconds(),
                },
                null,
                0).ShouldBeTrue();
        }
    }
}
