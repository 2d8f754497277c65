using System.Buffers;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.Rollups;

namespace Telemetry.Tests.Storage;

public sealed class RollupAggregatorTests
{
    private const long January = 1_767_225_600_000_000;
    private static readonly string[] Rollups = ["readings_1m", "readings_1h", "readings_1d", "readings_last"];

    [Fact]
    public void Nothing_is_allocated_for_each_reading()
    {
        var batch = Batch(2000);
        using var block = new RowBlock(new NameTable());
        for (var i = 0; i < 10; i++)
        {
            block.Append(0, 202601, batch, 0, batch.Count);
        }

        using var writer = new NativeWriter();
        var aggregator = new RollupAggregator(static () => true);
        IReadOnlyList<RowBlock> blocks = [block];
        for (var i = 0; i < 3; i++)
        {
            Aggregate(aggregator, writer, blocks);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
        {
            Aggregate(aggregator, writer, blocks);
        }

        // 200,000 readings.
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(40_000);
    }

    [Fact]
    public void What_a_giant_block_needed_is_let_go()
    {
        using var giant = new RowBlock(new NameTable());
        for (var i = 0; i < 100; i++)
        {
            var batch = Batch(1000, January + (i * 60_000_000_000), apart: 60_000_000);
            giant.Append(0, 202601, batch, 0, batch.Count);
        }

        using var writer = new NativeWriter();
        var aggregator = new RollupAggregator(static () => true);
        Aggregate(aggregator, writer, [giant]);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < 12; i++)
        {
            aggregator.Aggregate([], []);
        }

        (before - GC.GetTotalMemory(forceFullCollection: true)).ShouldBeGreaterThan(10_000_000);
        GC.KeepAlive(aggregator);
    }

    [Fact]
    public void Without_minutes_their_table_gets_the_markers_alone()
    {
        var batch = Batch(2000);
        using var block = new RowBlock(new NameTable());
        block.Append(3, 202601, batch, 0, batch.Count);
        Marker[] markers = [new(3, 202601, "0", 5, 9, January + 1_000_000)];
        using var writer = new NativeWriter();

        RowsOf("readings_1m", hasMinutes: true).ShouldBe(69); // 2,000 s in 34 minutes, as many of all devices, and the marker.
        RowsOf("readings_1m", hasMinutes: false).ShouldBe(1);
        RowsOf("readings_1h", hasMinutes: false).ShouldBe(3);
        RowsOf("readings_1d", hasMinutes: false).ShouldBe(2); // Days and latest values have no rows of all devices.
        RowsOf("readings_last", hasMinutes: false).ShouldBe(2);

        int RowsOf(string table, bool hasMinutes)
        {
            var aggregator = new RollupAggregator(() => hasMinutes);
            aggregator.Aggregate([block], markers);
            aggregator.Encode(writer, table);
            return writer.Written.Span[1]; // Number of columns, then of rows, both below 128.
        }
    }

    private static void Aggregate(RollupAggregator aggregator, NativeWriter writer, IReadOnlyList<RowBlock> blocks)
    {
        aggregator.Aggregate(blocks, []);
        foreach (var table in Rollups)
        {
            aggregator.Encode(writer, table);
        }
    }

    private static ReadingBatchBuffer Batch(int count, long from = January, long apart = 1_000_000)
    {
        var output = new ArrayBufferWriter<byte>();
        var times = Enumerable.Range(0, count).Select(i => from + (i * apart)).ToArray();
        ReadingBatchWriter.Write(
            output, "device"u8, 1, 1, [new("sensor"u8.ToArray())], [], times, [.. times.Select(t => Math.Sin(t) * 100)], []);
        var buffer = new ReadingBatchBuffer();
        buffer.TryDecode(output.WrittenMemory, out _).ShouldBeTrue();
        return buffer;
    }
}
