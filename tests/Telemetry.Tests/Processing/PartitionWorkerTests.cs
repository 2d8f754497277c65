using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Processing;
using Telemetry.Processing.Pipeline;
using Telemetry.Streams;

namespace Telemetry.Tests.Processing;

public class PartitionWorkerTests
{
    [Fact]
    public async Task A_partition_is_restored_when_its_turn_comes_and_one_given_up_before_takes_no_turn()
    {
        await using var fixture = new ProcessorFixture();
        await fixture.FillAsync(seed: 1, records: 10);
        await fixture.Log.EnsureTopicsAsync([new TopicSpec(fixture.Options.StateTopic, ProcessorFixture.Partitions, Compacted: true)], ProcessorFixture.Cancel);
        using var metrics = new ProcessingMetrics(() => [], TimeProvider.System);
        using var turns = new SemaphoreSlim(0);

        await Start(fixture, 1, metrics, turns).DisposeAsync();
        await using var worker = Start(fixture, 0, metrics, turns);
        worker.IsReady.ShouldBeFalse();
        turns.CurrentCount.ShouldBe(0);

        turns.Release();
        await worker.CutAsync(final: false, ProcessorFixture.Cancel);

        worker.IsReady.ShouldBeTrue();
        turns.CurrentCount.ShouldBe(1, "the next one's turn");
    }

    private static PartitionWorker Start(ProcessorFixture fixture, int partition, ProcessingMetrics metrics, SemaphoreSlim turns) => new(
        fixture.Log, fixture.Options, new TopicPartition(LogTopics.Readings, partition), null, metrics, NullLogger.Instance, TimeProvider.System, restores: turns);
}
