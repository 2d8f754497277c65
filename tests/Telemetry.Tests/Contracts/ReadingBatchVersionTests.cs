using System.Buffers;
using System.Text;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using V2 = Telemetry.Contracts.V2;

namespace Telemetry.Tests.Contracts;

public class ReadingBatchVersionTests
{
    private readonly ReadingBatchBuffer _first = new();
    private readonly ReadingBatchBuffer _second = new();

    [Fact]
    public void Both_versions_of_a_batch_decode_to_the_same_readings() => ReadingBatchBufferTests.ForAllSeeds(1_000, random =>
    {
        var columns = Columns.Any(random);
        _first.TryDecode(ReadingBatchVersion.V1, columns.Write(ReadingBatchWriter.Write), out _).ShouldBeTrue();
        _second.TryDecode(ReadingBatchVersion.V2, columns.Write(ReadingBatchV2Writer.Write), out var error).ShouldBeTrue(error.ToString());
        ShouldBeSame();
    });

    [Fact]
    public void No_message_is_taken_for_the_other_version_and_the_bytes_alone_tell() => ReadingBatchBufferTests.ForAllSeeds(1_000, random =>
    {
        var columns = Columns.Any(random);
        var v1 = columns.Write(ReadingBatchWriter.Write);
        var v2 = columns.Write(ReadingBatchV2Writer.Write);
        _first.TryDecode(ReadingBatchVersion.V2, v1, out _).ShouldBeFalse();
        _first.TryDecode(ReadingBatchVersion.V1, v2, out _).ShouldBeFalse();
        _first.TryDecode(ReadingBatchVersion.Undecided, v1, out _).ShouldBeTrue();
        _second.TryDecode(ReadingBatchVersion.Undecided, v2, out _).ShouldBeTrue();
        ShouldBeSame();
    });

    [Fact]
    public void Google_Protobuf_reads_version_2_as_it_was_written() => ReadingBatchBufferTests.ForAllSeeds(500, random =>
    {
        var columns = Columns.Any(random);
        var batch = V2.ReadingBatch.Parser.ParseFrom(columns.Write(ReadingBatchV2Writer.Write));
        batch.Device.ShouldBe(Encoding.ASCII.GetString(columns.Device));
        var count = columns.Values.Length;
        var sensors = batch.Sensors.Count;
        var time = batch.StartTimeUs;
        var values = batch.FloatValues.Count > 0 ? batch.FloatValues.Select(v => (double)v) : batch.Values;
        values.Select(BitConverter.DoubleToInt64Bits).ShouldBe(columns.Values.Select(BitConverter.DoubleToInt64Bits));
        for (var i = 0; i < count; i++)
        {
            time += batch.TimeDeltasUs.Count > 0 ? batch.TimeDeltasUs[i] : 0;
            (time + (batch.TimeDeltasUs.Count > 0 ? 0 : batch.IntervalUs * (i / sensors))).ShouldBe(columns.Times[i]);
            (batch.SensorIndexes.Count > 0 ? (int)batch.SensorIndexes[i] : i % sensors).ShouldBe(columns.Indexes[i]);
        }
    });

    [Fact]
    public void Sensors_in_turn_at_an_interval_take_a_third_of_the_bytes()
    {
        const int sensors = 10;
        const int readings = 600;
        var columns = new Columns(
            "press-00042"u8.ToArray(),
            [.. Enumerable.Range(0, sensors).Select(i => $"sensor-{i}")],
            [.. Enumerable.Range(0, readings).Select(i => i % sensors)],
            [.. Enumerable.Range(0, readings).Select(i => 1_700_000_000_000_000 + (i / sensors * 1_000_000L))],
            [.. Enumerable.Range(0, readings).Select(i => i * 0.25)],
            []);
        var v1 = columns.Write(ReadingBatchWriter.Write).Length;
        var v2 = columns.Write(ReadingBatchV2Writer.Write).Length;
        TestContext.Current.TestOutputHelper?.WriteLine($"version 1: {v1} bytes, version 2: {v2} bytes for {readings} readings");
        v2.ShouldBeLessThan(v1 / 2);
    }

    [Fact]
    public void An_interval_beside_deltas_and_values_of_both_kinds_are_refused()
    {
        var batch = new V2.ReadingBatch
        {
            Device = "d", BootId = 1, FirstSequence = 1, Sensors = { "t" }, IntervalUs = 5, TimeDeltasUs = { 0, 1 }, Values = { 1, 2 },
        };
        Refused(batch).ShouldBe(ReadingBatchError.ColumnsDiffer);
        batch.TimeDeltasUs.Clear();
        Refused(batch).ShouldBe(ReadingBatchError.None);
        batch.FloatValues.Add(3);
        Refused(batch).ShouldBe(ReadingBatchError.ColumnsDiffer);
        batch.FloatValues.Clear();
        batch.StartTimeUs = long.MaxValue - 4;
        Refused(batch).ShouldBe(ReadingBatchError.BadTime);
    }

    [Fact]
    public void A_schema_that_is_unknown_is_refused_as_such()
    {
        _first.TryDecode(ReadingBatchVersion.Unknown, Columns.Any(new Random(1)).Write(ReadingBatchWriter.Write), out var error).ShouldBeFalse();
        error.ShouldBe(ReadingBatchError.SchemaUnknown);
    }

    [Fact]
    public void Released_and_provisional_ids_name_their_version_and_other_ids_leave_it_to_the_bytes()
    {
        var schemas = ReleasedReadingSchemas.Instance;
        schemas.Find(SchemaIds.ReadingBatch).ShouldBe(ReadingBatchVersion.V1);
        schemas.Find(SchemaIds.ReadingBatchV2).ShouldBe(ReadingBatchVersion.V2);
        schemas.Find(SchemaIds.Provisional(SchemaIds.ReadingBatch)).ShouldBe(ReadingBatchVersion.V1);
        schemas.Find(SchemaIds.Provisional(SchemaIds.ReadingBatchV2)).ShouldBe(ReadingBatchVersion.V2);
        schemas.Find(4711).ShouldBe(ReadingBatchVersion.Undecided);
    }

    [Fact]
    public void Decoding_version_2_allocates_nothing_once_warm()
    {
        var message = Columns.Any(new Random(5)).Write(ReadingBatchV2Writer.Write);
        _second.TryDecode(ReadingBatchVersion.V2, message, out _).ShouldBeTrue();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            _second.TryDecode(ReleasedReadingSchemas.Instance.Find(SchemaIds.ReadingBatchV2), message, out _);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private ReadingBatchError Refused(V2.ReadingBatch batch)
    {
        _second.TryDecode(ReadingBatchVersion.V2, Google.Protobuf.MessageExtensions.ToByteArray(batch), out var error);
        return error;
    }

    private void ShouldBeSame()
    {
        _second.Device.SequenceEqual(_first.Device).ShouldBeTrue();
        _second.BootId.ShouldBe(_first.BootId);
        _second.FirstSequence.ShouldBe(_first.FirstSequence);
        _second.SensorCount.ShouldBe(_first.SensorCount);
        for (var i = 0; i < _first.SensorCount; i++)
        {
            _second.Sensor(i).SequenceEqual(_first.Sensor(i)).ShouldBeTrue();
        }

        _second.SensorIndexes.SequenceEqual(_first.SensorIndexes).ShouldBeTrue();
        _second.EventTimes.SequenceEqual(_first.EventTimes).ShouldBeTrue();
        _second.Qualities.SequenceEqual(_first.Qualities).ShouldBeTrue();
        _second.Values.ToArray().Select(BitConverter.DoubleToInt64Bits)
            .ShouldBe(_first.Values.ToArray().Select(BitConverter.DoubleToInt64Bits));
    }

    private delegate int BatchWriter(
        IBufferWriter<byte> output, ReadOnlySpan<byte> device, ulong bootId, ulong firstSequence, ReadOnlySpan<ReadOnlyMemory<byte>> sensors,
        ReadOnlySpan<int> sensorIndexes, ReadOnlySpan<long> eventTimes, ReadOnlySpan<double> values, ReadOnlySpan<Quality> qualities);

    private sealed record Columns(byte[] Device, string[] Sensors, int[] Indexes, long[] Times, double[] Values, Quality[] Qualities)
    {
        /// <summary>Regular and irregular ones, with values of 32 bits and of 64.</summary>
        public static Columns Any(Random random)
        {
            var count = random.Next(1, 200);
            var sensors = random.Next(1, 6);
            var inTurn = random.Next(2) == 0;
            var regular = random.Next(2) == 0;
            var single = random.Next(2) == 0;
            var start = random.NextInt64(-(1L << 52), 1L << 52);
            var interval = random.NextInt64(-(1L << 30), 1L << 30);
            double[] odd = [double.NaN, double.PositiveInfinity, -0.0, float.Epsilon, float.MaxValue];
            return new Columns(
                Encoding.ASCII.GetBytes("press-" + random.Next(1000)),
                [.. Enumerable.Range(0, sensors).Select(i => "sensor/" + i)],
                [.. Enumerable.Range(0, count).Select(i => inTurn ? i % sensors : random.Next(sensors))],
                [.. Enumerable.Range(0, count).Select(i => regular ? start + (i / sensors * interval) : start + random.NextInt64(1L << 40))],
                [.. Enumerable.Range(0, count).Select(_ => random.Next(5) == 0 ? odd[random.Next(odd.Length)] : single ? random.NextSingle() : random.NextDouble())],
                random.Next(3) == 0 ? [.. Enumerable.Range(0, count).Select(_ => (Quality)random.Next(3))] : []);
        }

        public byte[] Write(BatchWriter writer)
        {
            var output = new ArrayBufferWriter<byte>();
            var size = writer(
                output, Device, 7, 100, [.. Sensors.Select(s => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(s))], Indexes, Times, Values, Qualities);
            size.ShouldBe(output.WrittenCount);
            return output.WrittenSpan.ToArray();
        }
    }
}
