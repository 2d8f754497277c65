using System.Buffers;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.Blocks;

namespace Telemetry.Tests.Storage;

public sealed class ReadingEncoderTests
{
    private const long January = 1_767_225_600_000_000;

    [Fact]
    public void Nothing_is_allocated_for_each_reading()
    {
        var batch = Batch(1000);
        var names = new NameTable();
        using var block = new RowBlock(names);
        using var writer = new NativeWriter();
        for (var i = 0; i < 20; i++)
        {
            block.Append(0, 202601, batch, 0, batch.Count);
        }

        ReadingEncoder.Encode(writer, [block], []);
        using var second = new RowBlock(names);
        second.Append(0, 202601, batch, 0, batch.Count);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 10; i++)
        {
            second.Append(0, 202601, batch, 0, 10);
            ReadingEncoder.Encode(writer, [second], []);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(40_000);
    }

    [Theory]
    [InlineData(January - 1, 202512)]
    [InlineData(January, 202601)]
    [InlineData(Months.TimeEnd - 1, 210512)]
    [InlineData(0, 197001)]
    public void Month_is_that_of_the_event_time_in_utc(long time, int month)
    {
        Months.Of(time).ShouldBe(month);
        var (from, to) = Months.Bounds(month);
        time.ShouldBeInRange(from, to - 1);
    }

    [Fact]
    public void Newest_event_time_is_kept_by_partition_and_month()
    {
        using var block = new RowBlock(new NameTable());
        var batch = Batch(3);

        block.Append(4, 202601, batch, 0, 2);
        block.Append(5, 202601, batch, 0, 3);

        block.Newest[(4, 202601)].ShouldBe(January + 1);
        block.Newest[(5, 202601)].ShouldBe(January + 2);
        block.Count.ShouldBe(5);
    }

    private static ReadingBatchBuffer Batch(int count)
    {
        var output = new ArrayBufferWriter<byte>();
        var times = Enumerable.Range(0, count).Select(i => January + i).ToArray();
        ReadingBatchWriter.Write(output, "device"u8, 1, 1, [new("sensor"u8.ToArray())], [], times, new double[count], []);
        var buffer = new ReadingBatchBuffer();
        buffer.TryDecode(output.WrittenMemory, out _).ShouldBeTrue();
        return buffer;
    }
}
