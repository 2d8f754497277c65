using Telemetry.Bridge;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Processing;
using Telemetry.Streams.Deduplication;
using Telemetry.Tests.Processing;

namespace Telemetry.Tests.Bridge;

public class WriteVersionsTests
{
    [Theory]
    [InlineData(WriteVersions.V1, 1)]
    [InlineData(WriteVersions.V2, 1)]
    [InlineData(WriteVersions.Both, 2)]
    public async Task A_publish_is_written_once_in_each_layout_and_counts_once(WriteVersions versions, int records)
    {
        await using var bridge = new BridgeFixture(new BridgeOptions { WriteVersions = versions });
        bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs, BridgeFixture.NowUs + 1000, BridgeFixture.NowUs + 2000)).ShouldBeTrue();
        await bridge.FirstAnswer;
        bridge.Answers.Count.ShouldBe(1);
        bridge.Answers[0].Result.Outcome.ShouldBe(Telemetry.Mqtt.Ingest.IngestOutcome.Stored);
        bridge.Producer.Records.Count.ShouldBe(records);
        bridge.Ingest.Totals.ReadingsStored.ShouldBe(3);

        var driver = new PartitionDriver(new ProcessingOptions());
        foreach (var record in bridge.Producer.Records)
        {
            driver.Take(Batches.StartMs, record.Value);
        }

        driver.Processor.Counts.Readings.ShouldBe(3 * records);
        driver.Processor.Counts.Duplicates.ShouldBe(3 * (records - 1));
        driver.DeadLetters.ShouldBeEmpty();
    }

    [Fact]
    public async Task Storage_keeps_one_reading_of_the_two_layouts()
    {
        await using var bridge = new BridgeFixture(new BridgeOptions { WriteVersions = WriteVersions.Both });
        bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs, BridgeFixture.NowUs + 1000)).ShouldBeTrue();
        await bridge.FirstAnswer;
        var filter = new DuplicateFilter(new DuplicateFilterOptions(), new Telemetry.Streams.State.KeyedStateOptions());
        var batch = new ReadingBatchBuffer();
        var verdicts = new List<DuplicateVerdict?>();
        foreach (var record in bridge.Producer.Records.Where(r => r.Topic == LogTopics.Readings))
        {
            ConfluentFrame.TryRead(record.Value, out var id, out var message).ShouldBeTrue();
            batch.TryDecode(ReleasedReadingSchemas.Instance.Find(id), message, out _).ShouldBeTrue();
            filter.Advance(verdicts.Count, record.TimestampMs);
            verdicts.Add(filter.Add(batch));
        }

        verdicts.ShouldBe([DuplicateVerdict.AllNew, DuplicateVerdict.AllDuplicate]);
    }

    [Fact]
    public async Task Bad_readings_are_cut_out_of_both_layouts_alike()
    {
        await using var bridge = new BridgeFixture(new BridgeOptions { WriteVersions = WriteVersions.Both });
        bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs, 5, BridgeFixture.NowUs + 1000)).ShouldBeTrue();
        await bridge.FirstAnswer;

        // The two good readings in both layouts, and one dead letter.
        bridge.Producer.Records.Count(r => r.Topic == LogTopics.Readings).ShouldBe(2);
        bridge.DeadLetters.Count().ShouldBe(1);
        bridge.DeadLetters.Single().ReadingIndexes.ShouldBe([1u]);
    }

    [Fact]
    public async Task Ids_of_a_registry_are_taken_up_while_running()
    {
        await using var bridge = new BridgeFixture();
        bridge.Ingest.UseSchemaIds(new() { ReadingBatchSchemaId = 41, ReadingBatchV2SchemaId = 42, DeadLetterSchemaId = 43 });
        bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs)).ShouldBeTrue();
        bridge.Publish("not a batch"u8.ToArray()).ShouldBeTrue();
        bridge.Producer.Records.Select(r => (r.Topic, Id(r.Value))).ShouldBe([(LogTopics.Readings, 41), (LogTopics.DeadLetters, 43)]);
    }

    private static int Id(byte[] value)
    {
        ConfluentFrame.TryRead(value, out var id, out _).ShouldBeTrue();
        return id;
    }
}
