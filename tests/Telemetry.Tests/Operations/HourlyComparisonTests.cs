using System.Buffers;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Operations.Audit.Hourly;

namespace Telemetry.Tests.Operations;

/// <summary>The hourly comparison: what it must find, and what is under way and no difference.</summary>
public sealed class HourlyComparisonTests
{
    private const long Hour = 490_000;
    private static readonly HourFigures Log = new(100, 50.5, 60.5);

    [Fact]
    public void Equal_hours_have_no_difference() => Compare(Log, Log, new StoredHour(100, 50.5, 100)).ShouldBeNull();

    [Fact]
    public void One_reading_that_is_not_stored_is_missing()
    {
        var found = Compare(Log, Log, new StoredHour(99, 50.5, 100));

        found.ShouldNotBeNull().ShouldSatisfyAllConditions(f => f.Missing.ShouldBe(1), f => f.Excess.ShouldBe(0), f => f.ValuesDiffer.ShouldBeFalse());
    }

    [Fact]
    public void One_reading_that_is_not_rolled_up_is_missing() => Compare(Log, Log, new StoredHour(100, 50.5, 99)).ShouldNotBeNull().Missing.ShouldBe(1);

    [Fact]
    public void One_row_more_than_the_log_has_is_an_excess() => Compare(Log, Log, new StoredHour(101, 50.5, 100)).ShouldNotBeNull().Excess.ShouldBe(1);

    [Fact]
    public void Excess_is_not_told_of_an_hour_whose_older_records_were_not_read() =>
        HourlyComparison.Compare(Hour, Log, Log, new StoredHour(101, 50.5, 101), 0, knowsAll: false).ShouldBeNull();

    [Fact]
    public void What_came_while_the_store_was_asked_may_be_stored_or_not()
    {
        var later = new HourFigures(110, 60, 70);

        for (var stored = 100; stored <= 110; stored++)
        {
            Compare(Log, later, new StoredHour(stored, 55, stored)).ShouldBeNull();
        }

        Compare(Log, later, new StoredHour(99, 55, 100)).ShouldNotBeNull().Missing.ShouldBe(1);
        Compare(Log, later, new StoredHour(111, 55, 110)).ShouldNotBeNull().Excess.ShouldBe(1);
    }

    [Fact]
    public void Another_sum_of_as_many_readings_is_a_difference()
    {
        Compare(Log, Log, new StoredHour(100, 50.6, 100)).ShouldNotBeNull().ValuesDiffer.ShouldBeTrue();
        Compare(Log, Log, new StoredHour(100, 50.5 + 1e-10, 100)).ShouldBeNull();
    }

    [Fact]
    public void Readings_in_dead_letters_are_not_missing()
    {
        HourlyComparison.Compare(Hour, Log, Log, new StoredHour(97, 50.5, 97), 3, true).ShouldBeNull();
        HourlyComparison.Compare(Hour, Log, Log, new StoredHour(96, 50.5, 97), 3, true).ShouldNotBeNull().Missing.ShouldBe(1);
    }

    [Fact]
    public void Copies_count_once_and_batches_are_cut_at_the_hour()
    {
        var hours = new LogHours(1 << 20);
        hours.Keep(Hour, Hour + 1);
        var batch = Batch("press-1", sequence: 10, atUs: (Hour * UnixMicros.PerHour) + UnixMicros.PerHour - 2, values: [1, 2, double.NaN, -4]);

        hours.Add(batch);
        hours.Add(batch);

        hours.Figures(Hour).ShouldBe(new HourFigures(2, 3, 3));
        hours.Figures(Hour + 1).ShouldBe(new HourFigures(2, -4, 4));
        hours.Add(Batch("press-1", sequence: 12, atUs: (Hour + 1) * UnixMicros.PerHour, values: [7, -4, 5]));
        hours.Figures(Hour + 1).ShouldBe(new HourFigures(3, 1, 9), "two of the three are there already");
    }

    [Fact]
    public void Hours_outside_of_those_kept_take_no_memory()
    {
        var hours = new LogHours(1 << 20);
        hours.Keep(Hour, Hour);
        hours.Add(Batch("press-1", 1, (Hour + 5) * UnixMicros.PerHour, [1]));
        hours.Add(Batch("press-1", 2, Hour * UnixMicros.PerHour, [1]));

        hours.Of(Hour + 5).ShouldBeNull();
        hours.Keep(Hour + 1, Hour + 2);
        hours.Of(Hour).ShouldBeNull();
    }

    [Fact]
    public void Hour_with_more_ids_than_it_has_memory_for_is_left_out_alone()
    {
        var hours = new LogHours(1_000);
        hours.Keep(Hour, Hour + 1);
        for (var i = 0; i < 20; i++)
        {
            hours.Add(Batch($"press-{i}", 1, Hour * UnixMicros.PerHour, [1]));
        }

        hours.Add(Batch("press-1", 1, (Hour + 1) * UnixMicros.PerHour, [1]));
        hours.Of(Hour)!.IsTooLarge.ShouldBeTrue();
        hours.Of(Hour + 1)!.IsTooLarge.ShouldBeFalse();
    }

    private static HourDifference? Compare(HourFigures least, HourFigures most, StoredHour stored) =>
        HourlyComparison.Compare(Hour, least, most, stored, 0, knowsAll: true);

    /// <summary>Readings a microsecond apart.</summary>
    private static ReadingBatchBuffer Batch(string device, ulong sequence, long atUs, double[] values)
    {
        var bytes = new ArrayBufferWriter<byte>();
        ReadingBatchWriter.Write(
            bytes,
            System.Text.Encoding.ASCII.GetBytes(device),
            7,
            sequence,
            [(ReadOnlyMemory<byte>)"temp"u8.ToArray()],
            new int[values.Length],
            [.. values.Select((_, i) => atUs + i)],
            values,
            new Quality[values.Length]);
        var batch = new ReadingBatchBuffer();
        batch.TryDecode(ReadingBatchVersion.Undecided, bytes.WrittenMemory, out _).ShouldBeTrue();
        return batch;
    }
}
