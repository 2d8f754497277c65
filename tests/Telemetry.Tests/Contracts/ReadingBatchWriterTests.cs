using System.Buffers;
using System.Text;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Quality = Telemetry.Contracts.Readings.Quality;

namespace Telemetry.Tests.Contracts;

public class ReadingBatchWriterTests
{
    [Fact]
    public void Google_Protobuf_reads_what_the_writer_wrote() => ReadingBatchBufferTests.ForAllSeeds(1_000, random =>
    {
        var batch = WireMessage.Any(random);
        batch.FirstSequence = Math.Max(1, batch.FirstSequence);
        batch.SequenceDeltas.Clear();
        var times = Times(batch);
        var indexes = batch.SensorIndexes.Select(i => (int)i).ToArray();
        var qualities = batch.Qualities.Select(q => (Quality)q).ToArray();
        var output = new ArrayBufferWriter<byte>();
        var size = Write(output, batch, indexes, times, qualities);
        output.WrittenCount.ShouldBe(size);

        var read = ReadingBatch.Parser.ParseFrom(output.WrittenSpan);
        read.Device.ShouldBe(batch.Device);
        read.BootId.ShouldBe(batch.BootId);
        read.FirstSequence.ShouldBe(batch.FirstSequence);
        read.Count.ShouldBe((uint)batch.Values.Count);
        read.Sensors.ShouldBe(batch.Sensors);
        Times(read).ShouldBe(times);
        read.Values.Select(BitConverter.DoubleToInt64Bits).ShouldBe(batch.Values.Select(BitConverter.DoubleToInt64Bits));
        var expectedIndexes = batch.SensorIndexes.Count == 0 ? new uint[read.Values.Count] : [.. batch.SensorIndexes];
        (read.SensorIndexes.Count == 0 ? new uint[read.Values.Count] : [.. read.SensorIndexes]).ShouldBe(expectedIndexes);
        (read.Qualities.Count == 0 ? new int[read.Values.Count] : [.. read.Qualities.Select(q => (int)q)])
            .ShouldBe(batch.Qualities.Count == 0 ? new int[read.Values.Count] : [.. batch.Qualities.Select(q => (int)q)]);
        ReadingBatchOracle.Check(new ReadingBatchBuffer(), output.WrittenSpan.ToArray()).ShouldBe(ReadingBatchError.None);
    });

    [Fact]
    public void Columns_of_different_length_are_an_error()
    {
        var output = new ArrayBufferWriter<byte>();
        ReadOnlyMemory<byte>[] sensors = ["t"u8.ToArray()];
        Should.Throw<ArgumentException>(() => ReadingBatchWriter.Write(output, "d"u8, 1, 1, sensors, [], [1, 2], [1.0], []));
        Should.Throw<ArgumentException>(() => ReadingBatchWriter.Write(output, "d"u8, 1, 1, sensors, [0, 0], [1], [1.0], []));
        Should.Throw<ArgumentException>(() =>
            ReadingBatchWriter.Write(output, "d"u8, 1, 1, sensors, [], [1], [1.0], [Quality.Good, Quality.Good]));
    }

    [Fact]
    public void One_reading_with_one_sensor_is_small()
    {
        var output = new ArrayBufferWriter<byte>();
        ReadOnlyMemory<byte>[] sensors = ["temperature"u8.ToArray()];
        ReadingBatchWriter.Write(output, "press-00042"u8, 1, 1, sensors, [], [1], [20.5], [Quality.Good]);
        output.WrittenCount.ShouldBeLessThan(60);
    }

    [Fact]
    public void Writing_allocates_nothing_once_warm()
    {
        var random = new Random(3);
        var batch = WireMessage.Any(random);
        var times = Times(batch);
        var indexes = batch.SensorIndexes.Select(i => (int)i).ToArray();
        var qualities = batch.Qualities.Select(q => (Quality)q).ToArray();
        var output = new ArrayBufferWriter<byte>(64 * 1024);
        var device = Encoding.ASCII.GetBytes(batch.Device);
        var sensors = batch.Sensors.Select(s => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(s)).ToArray();
        var values = batch.Values.ToArray();
        ReadingBatchWriter.Write(output, device, 1, 1, sensors, indexes, times, values, qualities);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            output.ResetWrittenCount();
            ReadingBatchWriter.Write(output, device, 1, 1, sensors, indexes, times, values, qualities);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static int Write(
        ArrayBufferWriter<byte> output, ReadingBatch batch, int[] indexes, long[] times, Quality[] qualities) =>
        ReadingBatchWriter.Write(
            output,
            Encoding.ASCII.GetBytes(batch.Device),
            batch.BootId,
            batch.FirstSequence,
            batch.Sensors.Select(s => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(s)).ToArray(),
            indexes,
            times,
            batch.Values.ToArray(),
            qualities);

    private static long[] Times(ReadingBatch batch)
    {
        var time = batch.BaseTimeUs;
        return [.. Enumerable.Range(0, batch.Values.Count).Select(i => time += batch.TimeDeltasUs.Count == 0 ? 0 : batch.TimeDeltasUs[i])];
    }
}
