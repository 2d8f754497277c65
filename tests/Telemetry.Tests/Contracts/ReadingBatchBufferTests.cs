using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;

namespace Telemetry.Tests.Contracts;

public class ReadingBatchBufferTests
{
    /// <summary>One buffer for all: what an earlier message left behind must never show.</summary>
    private readonly ReadingBatchBuffer _buffer = new();

    [Fact]
    public void Every_way_to_write_a_batch_reads_as_Google_Protobuf_reads_it() => ForAllSeeds(1_000, random =>
        ReadingBatchOracle.Check(_buffer, WireMessage.Write(WireMessage.Any(random), random)).ShouldBe(ReadingBatchError.None));

    [Fact]
    public void Damaged_bytes_are_taken_or_refused_as_Google_Protobuf_does() => ForAllSeeds(3_000, random =>
    {
        var bytes = WireMessage.Write(WireMessage.Any(random), random);
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(bytes.Length);
            bytes = random.Next(4) switch
            {
                0 => [.. bytes[..at], .. bytes[(at + 1)..]],
                1 => [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]],
                2 => [.. bytes[..at], 0xFF, 0xFF, 0xFF, 0xFF, (byte)random.Next(256), .. bytes[at..]],
                _ => [.. bytes[..at], (byte)random.Next(256), .. bytes[(at + 1)..]],
            };
        }

        ReadingBatchOracle.Check(_buffer, bytes);
    });

    [Fact]
    public void Random_bytes_are_taken_or_refused_as_Google_Protobuf_does() => ForAllSeeds(2_000, random =>
    {
        var bytes = new byte[random.Next(64)];
        random.NextBytes(bytes);
        ReadingBatchOracle.Check(_buffer, bytes);
    });

    [Fact]
    public void A_batch_cut_at_any_byte_reads_as_Google_Protobuf_reads_it() => ForAllSeeds(40, random =>
    {
        var bytes = WireMessage.Write(WireMessage.Any(random), random);
        for (var length = 0; length < Math.Min(bytes.Length, 600); length++)
        {
            ReadingBatchOracle.Check(_buffer, bytes[..length]);
        }
    });

    [Theory]
    [InlineData("0AFFFFFFFF0F")] // device of 4 GB
    [InlineData("0AFFFFFFFFFFFFFFFFFF01")] // device of 2^64 - 1 bytes
    [InlineData("0A80808080100161")] // length with bits past 32
    [InlineData("42FFFFFFFF07")] // values of 2 GB
    [InlineData("3A8080808080808080808000")] // varint of eleven bytes
    [InlineData("420700000000000000")] // values of seven bytes
    [InlineData("00")] // field 0
    [InlineData("0C")] // end of a group that never began
    [InlineData("0E")] // wire type 6
    [InlineData("0F")] // wire type 7
    [InlineData("7B7C")] // empty group
    [InlineData("7B84")] // group cut
    [InlineData("7B8401")] // group ended by another field
    [InlineData("65000000")] // fixed 32 cut
    public void Hostile_bytes_are_refused(string hex) =>
        ReadingBatchOracle.Check(_buffer, Convert.FromHexString(hex)).ShouldNotBe(ReadingBatchError.None);

    [Theory]
    [InlineData(1)]
    [InlineData(98)]
    [InlineData(99)]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(10_000)]
    public void Unknown_groups_are_passed_over_to_the_depth_Google_Protobuf_allows(int depth) =>
        ReadingBatchOracle.Check(_buffer, [.. Good().ToByteArray(), .. WireMessage.Groups(depth)]);

    [Fact]
    public void Each_fault_is_named()
    {
        Refused(b => b.Values.Clear()).ShouldBe(ReadingBatchError.Empty);
        Refused(b => b.Device = "").ShouldBe(ReadingBatchError.BadDevice);
        Refused(b => b.Device = "a/b").ShouldBe(ReadingBatchError.BadDevice);
        Refused(b => b.Device = new string('a', 65)).ShouldBe(ReadingBatchError.BadDevice);
        Refused(b => b.Device = "prüfstand").ShouldBe(ReadingBatchError.BadDevice);
        Refused(b => b.Sensors[0] = "").ShouldBe(ReadingBatchError.BadSensor);
        Refused(b => b.Sensors.Clear()).ShouldBe(ReadingBatchError.BadSensor);
        Refused(b => b.BootId = 0).ShouldBe(ReadingBatchError.NoBootId);
        Refused(b => b.FirstSequence = 0).ShouldBe(ReadingBatchError.BadSequence);
        Refused(b => b.FirstSequence = ulong.MaxValue).ShouldBe(ReadingBatchError.BadSequence);
        Refused(b => b.Sensors.Add("other")).ShouldBe(ReadingBatchError.ColumnsDiffer);
        Refused(b => b.TimeDeltasUs.Add(1)).ShouldBe(ReadingBatchError.ColumnsDiffer);
        Refused(b => b.Qualities.Add(Telemetry.Contracts.V1.Quality.Bad)).ShouldBe(ReadingBatchError.ColumnsDiffer);
        Refused(b => b.SensorIndexes.AddRange([0, 1])).ShouldBe(ReadingBatchError.BadSensorIndex);
        Refused(b => b.SensorIndexes.AddRange([0, uint.MaxValue])).ShouldBe(ReadingBatchError.BadSensorIndex);
        Refused(b => b.TimeDeltasUs.AddRange([long.MaxValue, long.MaxValue])).ShouldBe(ReadingBatchError.BadTime);
        Refused(b => b.Qualities.AddRange([0, (Telemetry.Contracts.V1.Quality)3])).ShouldBe(ReadingBatchError.BadQuality);
        Refused(b => b.Values.AddRange(new double[ReadingLimits.ReadingsMax])).ShouldBe(ReadingBatchError.TooManyReadings);
        Refused(b => b.Sensors.AddRange(Enumerable.Repeat("s", ReadingLimits.SensorsMax)))
            .ShouldBe(ReadingBatchError.TooManySensors);
        _buffer.TryDecode(new byte[ReadingLimits.BatchBytesMax + 1], out var error).ShouldBeFalse();
        error.ShouldBe(ReadingBatchError.TooLarge);
    }

    [Fact]
    public void The_largest_legal_batch_is_taken()
    {
        var batch = Good();
        batch.Values.AddRange(new double[ReadingLimits.ReadingsMax - batch.Values.Count]);
        batch.Sensors.AddRange(Enumerable.Repeat("s", ReadingLimits.SensorsMax - 1));
        batch.SensorIndexes.AddRange(Enumerable.Range(0, ReadingLimits.ReadingsMax).Select(i => (uint)(i % ReadingLimits.SensorsMax)));
        ReadingBatchOracle.Check(_buffer, batch.ToByteArray()).ShouldBe(ReadingBatchError.None);
    }

    [Fact]
    public void Left_out_columns_are_defaults_also_after_a_batch_that_had_them()
    {
        var full = Good();
        full.TimeDeltasUs.AddRange([5, 6]);
        full.Qualities.AddRange([Telemetry.Contracts.V1.Quality.Bad, Telemetry.Contracts.V1.Quality.Uncertain]);
        full.Sensors.Add("other");
        full.SensorIndexes.AddRange([1, 1]);
        ReadingBatchOracle.Check(_buffer, full.ToByteArray()).ShouldBe(ReadingBatchError.None);
        ReadingBatchOracle.Check(_buffer, Good().ToByteArray()).ShouldBe(ReadingBatchError.None);
    }

    [Fact]
    public void Decoding_allocates_nothing_once_warm()
    {
        var random = new Random(7);
        var messages = Enumerable.Range(0, 50).Select(_ => WireMessage.Write(WireMessage.Any(random), random)).ToArray();
        foreach (var message in messages)
        {
            _buffer.TryDecode(message, out _).ShouldBeTrue();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
        {
            foreach (var message in messages)
            {
                _buffer.TryDecode(message, out _);
            }
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    internal static void ForAllSeeds(int runs, Action<Random> check) =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(runs),
            Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => check(new Random(seed))));

    private static ReadingBatch Good() => new()
    {
        Device = "press-1",
        BootId = 1,
        FirstSequence = 1,
        BaseTimeUs = 1,
        Sensors = { "t" },
        Values = { 1.5, 2.5 },
    };

    private ReadingBatchError Refused(Action<ReadingBatch> spoil)
    {
        var batch = Good();
        spoil(batch);
        var error = ReadingBatchOracle.Check(_buffer, batch.ToByteArray());
        ReadingBatchOracle.Check(_buffer, Good().ToByteArray()).ShouldBe(ReadingBatchError.None);
        return error;
    }
}
