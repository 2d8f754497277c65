using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Processing;
using Telemetry.Processing.Series;
using Quality = Telemetry.Contracts.Readings.Quality;

namespace Telemetry.Tests.Processing;

public class PartitionProcessorTests
{
    private const long T = Batches.StartMs;
    private readonly RecordingDetector _detector = new();

    [Fact]
    public void A_copy_however_late_is_not_given_to_detectors_again()
    {
        var driver = Driver();
        driver.Take(T, Batches.Of("d", 1, 1, T, 1, 2, 3));
        driver.Take(T + 1000, Batches.Of("d", 1, 4, T + 1000, 4));
        driver.Take(T + 2000, Batches.Of("d", 1, 2, T, 2, 3));
        driver.Take(T + 3000, Batches.Of("d", 1, 4, T + 2000, 4, 5));
        _detector.Given.Select(g => g.Value).ShouldBe([1, 2, 3, 4, 5]);
        driver.Processor.Counts.Duplicates.ShouldBe(3);
    }

    [Fact]
    public void Another_reading_under_the_same_id_is_no_copy_and_the_device_is_told_of_it_as_their_number_doubles()
    {
        var driver = Driver(o => o with { Duplicates = new() });
        TakeMessagesNumberedAsReadings(driver);

        driver.Processor.Counts.Conflicts.ShouldBe(10);
        driver.Processor.Counts.Duplicates.ShouldBe(0);
        _detector.Given.Select(g => g.Value).ShouldBe([1, 2, 3, 12, 22, 32, 42, 52]);
        driver.Events.Where(e => e.Kind == Telemetry.Contracts.V1.DeviceEventKind.IdConflict).Select(e => (e.BootId, e.Figure))
            .ShouldBe([(1UL, 2L), (1UL, 4L), (1UL, 8L)]);
    }

    [Fact]
    public void Of_short_hashes_a_device_that_counts_messages_is_told_of_too()
    {
        var driver = Driver();
        TakeMessagesNumberedAsReadings(driver);

        (driver.Processor.Counts.Conflicts + driver.Processor.Counts.Duplicates).ShouldBe(10);
        driver.Processor.Counts.Conflicts.ShouldBeGreaterThan(4);
        _detector.Given.Select(g => g.Value).ShouldBe([1, 2, 3, 12, 22, 32, 42, 52]);
        driver.Events.Count(e => e.Kind == Telemetry.Contracts.V1.DeviceEventKind.IdConflict).ShouldBeGreaterThan(1);
    }

    private static void TakeMessagesNumberedAsReadings(PartitionDriver driver)
    {
        driver.Take(T, Batches.Of("d", 1, 1, T, 1, 2, 3));
        for (var i = 1; i <= 5; i++)
        {
            driver.Take(T + (i * 1000), Batches.Of("d", 1, (ulong)i + 1, T + (i * 1000), 10 * i, (10 * i) + 1, (10 * i) + 2));
        }
    }

    [Fact]
    public void A_deleted_device_begins_anew_and_what_was_derived_from_it_is_ordered_to_be_deleted_too()
    {
        var driver = Driver();
        driver.Take(T, Batches.Of("d", 1, 1, T, 1, 2, 3));
        driver.Take(T, Batches.Of("e", 1, 1, T, 7));
        driver.Append(Batches.Deletion(2, T + 1000, "d"));
        driver.Append(Batches.Deletion(3, T + 1000, "never-seen"));
        driver.Run(4);
        var headers = Enumerable.Range(0, driver.Processor.Outputs.Count).Select(driver.Processor.Outputs.HeadersOf).ToList();
        headers.ShouldAllBe(h => h.Count == 2);
        driver.Commit(TimeSpan.Zero);
        driver.Records.Where(r => r.Value.Length == 0).Select(r => (r.Topic, r.Key)).ShouldBe(
        [
            (LogTopics.Anomalies, "d"), (LogTopics.Incidents, "d"), (LogTopics.DeviceEvents, "d"),
            (LogTopics.Anomalies, "never-seen"), (LogTopics.Incidents, "never-seen"), (LogTopics.DeviceEvents, "never-seen"),
        ]);
        driver.States().Keys.ShouldBe(["e"]);

        // The same ids are new readings now, also for a process that takes the partition over.
        driver.Restore();
        driver.States().Keys.ShouldBe(["e"]);
        _detector.Given.Clear();
        driver.Take(T + 2000, Batches.Of("d", 1, 1, T, 1, 2, 3));
        _detector.Given.Select(g => g.Value).ShouldBe([1, 2, 3]);
        driver.Processor.Counts.Duplicates.ShouldBe(0);
    }

    [Fact]
    public void A_reading_behind_the_watermark_is_late_and_still_detected_within_the_allowed_lateness()
    {
        var driver = Driver(o => o with { AllowedDisorder = TimeSpan.FromSeconds(10), AllowedLateness = TimeSpan.FromSeconds(60) });
        driver.Take(T, Batches.Of("fast", 1, 1, T, 1));
        driver.Take(T, Batches.Of("slow", 1, 1, T - 9_000, 2));
        driver.Processor.Counts.Late.ShouldBe(0);
        driver.Take(T, Batches.Of("slower", 1, 1, T - 60_000, 3));
        (driver.Processor.Counts.Late, driver.Processor.Counts.TooLate).ShouldBe((1, 0));
        driver.Take(T, Batches.Of("slowest", 1, 1, T - 80_000, 4));
        (driver.Processor.Counts.Late, driver.Processor.Counts.TooLate).ShouldBe((2, 1));
        _detector.Given.Select(g => g.Value).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public void A_batch_does_not_make_its_own_readings_late()
    {
        var driver = Driver(o => o with { AllowedDisorder = TimeSpan.Zero, AllowedLateness = TimeSpan.Zero });
        driver.Take(T, Batches.Of("d", 1, 1, T, 1, 2, 3));
        driver.Processor.Counts.Late.ShouldBe(0);
        _detector.Given.Count.ShouldBe(3);
    }

    [Fact]
    public void A_clock_in_the_far_future_does_not_move_the_watermark()
    {
        var driver = Driver();
        driver.Take(T, Batches.Of("good", 1, 1, T, 1));
        var before = driver.Processor.Watermark;
        driver.Take(T, Batches.Of("bad", 1, 1, T + 3_600_000, 1));
        driver.Processor.Watermark.ShouldBe(before);
        driver.Processor.Counts.Future.ShouldBe(1);
        driver.Take(T, Batches.Of("good", 1, 2, T + 1, 2));
        driver.Processor.Counts.Late.ShouldBe(0);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Event_times_at_the_ends_of_the_range_break_nothing(long micros)
    {
        var driver = Driver();
        driver.Take(T, Batches.Of("d", 1, 1, T, 1));
        driver.Take(T, Batches.Of("d", 1, 2, ["temperature"], [0], [micros], [2], []));
        driver.Take(T, Batches.Of("d", 1, 3, T + 1, 3));
        _detector.Given[^1].Value.ShouldBe(3);
    }

    [Fact]
    public void A_series_never_goes_back_in_time_but_goes_on_when_its_clock_is_set_back_and_put_right()
    {
        var driver = Driver();
        driver.Take(T, Batches.Of("d", 1, 1, T, 1));
        driver.Take(T, Batches.Of("d", 1, 2, T + 7_200_000, 2));
        driver.Take(T, Batches.Of("d", 1, 3, T + 1_000, 3));
        driver.Take(T, Batches.Of("d", 1, 4, T + 2_000, 4));
        driver.Take(T, Batches.Of("d", 1, 5, T + 7_201_000, 5));
        _detector.Given.ShouldBe([(1, T), (2, T + 7_200_000), (3, T + 7_200_000), (4, T + 7_201_000), (5, T + 7_201_000)]);
    }

    [Fact]
    public void Bad_quality_and_NaN_are_not_measurements_and_infinity_is()
    {
        var driver = Driver();
        driver.Take(T, Batches.Of(
            "d", 1, 1, ["a"], [0, 0, 0, 0], [1, 2, 3, 4], [1, double.NaN, double.PositiveInfinity, 2],
            [Quality.Bad, Quality.Good, Quality.Good, Quality.Uncertain]));
        _detector.Given.Select(g => g.Value).ShouldBe([double.PositiveInfinity, 2]);
        driver.Processor.Counts.Unusable.ShouldBe(2);
    }

    [Fact]
    public void Every_reading_is_counted_in_exactly_one_place()
    {
        var driver = Driver(o => o with { Duplicates = new() { RangesPerBootMax = 2 } });
        var random = new Random(5);
        var n = 0L;
        for (var i = 0; i < 500; i++)
        {
            var values = Enumerable.Range(0, random.Next(1, 8)).Select(v => v == 3 ? double.NaN : v).ToArray();
            n += values.Length;
            driver.Take(T + (i * 1000), Batches.Of("d", 1, (ulong)random.Next(1, 400), T + random.Next(-9_000_000, 90_000), values));
        }

        var counts = driver.Processor.Counts;
        counts.Readings.ShouldBe(n);
        (counts.Duplicates + counts.Conflicts + counts.Ambiguous + counts.Unusable + counts.TooLate + counts.NoRoom + counts.Held + counts.Fed).ShouldBe(n + (counts.Held - counts.FedLate - Waiting(driver)));
        counts.Ambiguous.ShouldBeGreaterThan(0);
        counts.Held.ShouldBeGreaterThan(0);
        (counts.Fed + counts.FedLate).ShouldBe(_detector.Given.Count);
    }

    [Fact]
    public void One_fault_gives_one_anomaly_and_the_next_one_after_a_quiet_time_another()
    {
        var driver = Driver(o => o with { AlertHoldOff = TimeSpan.FromSeconds(60), AlertRepeat = TimeSpan.FromHours(1) });
        var sequence = 1UL;
        void Send(long second, double value) =>
            driver.Take(T + (second * 1000), Batches.Of("d", 1, sequence++, T + (second * 1000), value));
        for (var second = 0; second < 300; second++)
        {
            Send(second, second is >= 10 and < 100 or 250 ? 500 : 1);
        }

        driver.Anomalies.Select(a => (a.EventTimeUs - (T * 1000)) / 1_000_000).ShouldBe([10, 250]);
        driver.Processor.Counts.AlertsHeld.ShouldBe(89);
        var first = driver.Anomalies.First();
        (first.Device, first.Sensor, first.Value, first.Kind, first.BootId, first.Sequence, first.PValue)
            .ShouldBe(("d", "temperature", 500, AnomalyKind.Spike, 1UL, 11UL, 0));
        first.Reason.ShouldContain("recording");
    }

    [Fact]
    public void An_incident_without_end_is_reported_again_after_a_long_time()
    {
        var driver = Driver(o => o with { AlertHoldOff = TimeSpan.FromSeconds(60), AlertRepeat = TimeSpan.FromSeconds(100) });
        for (var second = 0; second < 250; second++)
        {
            driver.Take(T + (second * 1000), Batches.Of("d", 1, (ulong)second + 1, T + (second * 1000), 500));
        }

        driver.Anomalies.Count().ShouldBe(3);
    }

    [Theory]
    [InlineData("00", "bad-frame")]
    [InlineData("000000000100FFFF", "malformed")]
    [InlineData("00000000010000", "malformed")]
    [InlineData("000000000100", "empty")]
    public void Bytes_that_are_no_batch_go_to_the_dead_letters_unchanged(string hex, string cause)
    {
        var driver = Driver();
        var bytes = Convert.FromHexString(hex);
        driver.Take(T, bytes);
        driver.Take(T, Batches.Of("d", 1, 1, T, 1));
        var letter = driver.DeadLetters.ShouldHaveSingleItem();
        letter.Payload.ToByteArray().ShouldBe(bytes);
        (letter.Source, letter.SourcePartition, letter.SourceOffset, letter.Cause, letter.Stage, letter.RefusedAtUs)
            .ShouldBe(("readings", 0, 0L, cause, "processing", T * 1000));
        _detector.Given.Count.ShouldBe(1);
    }

    [Fact]
    public void Batch_that_breaks_a_detector_is_put_aside_and_the_partition_goes_on_also_after_a_restore()
    {
        var driver = Driver(o => o with { Detectors = static () => [new BreakingDetector()] });
        driver.Take(T, Batches.Of("d", 1, 1, T, 1));
        driver.Take(T, Batches.Of("d", 1, 2, T, BreakingDetector.Poison));
        driver.Take(T, Batches.Of("d", 1, 3, T, 100));
        driver.Restore();
        driver.Take(T, Batches.Of("d", 1, 4, T, 100));
        var letter = driver.DeadLetters.ShouldHaveSingleItem();
        (letter.Cause, letter.SourceOffset).ShouldBe(("processing-failed", 1L));
        letter.Detail.ShouldContain(BreakingDetector.Message);
        driver.Processor.Counts.Readings.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void More_sensors_than_a_device_may_have_are_counted_and_push_out_only_what_is_silent_for_a_day()
    {
        var driver = Driver(o => o with { SeriesPerDeviceMax = 2 });
        var n = 1UL;
        foreach (var sensor in new[] { "a", "b", "a", "c", "a" })
        {
            driver.Take(T, Batches.Of("d", 1, n++, [sensor], [0], [T * 1000], [1], []));
        }

        (driver.Processor.Pool.Evicted, driver.Processor.Pool.Count, driver.Processor.Counts.NoRoom).ShouldBe((0, 2, 1));
        _detector.Given.Count.ShouldBe(4);
        driver.Events.Single(e => e.Kind == DeviceEventKind.Unjudged).Figure.ShouldBe(1);
        var later = T + 90_000_000;
        driver.Take(later, Batches.Of("d", 1, n++, ["a"], [0], [later * 1000], [1], []));
        driver.Take(later, Batches.Of("d", 1, n, ["x", "y", "x"], [0, 1, 2, 0], [later * 1000, later * 1000, later * 1000, later * 1000], [1, 2, 3, 4], []));
        (driver.Processor.Pool.Evicted, driver.Processor.Pool.Count, driver.Processor.Counts.NoRoom).ShouldBe((1, 2, 2));
        _detector.Given.Count.ShouldBe(8);
    }

    [Fact]
    public void State_of_other_detectors_starts_afresh_and_is_counted()
    {
        var options = Options(o => o with { Detectors = () => [_detector] });
        var versions = new Queue<int>([1, 2]);
        var driver = new PartitionDriver(options with { Detectors = () => [new RecordingDetector { StateVersion = versions.Dequeue() }] });
        driver.Restore();
        driver.Append(T, Batches.Of("d", 1, 1, T, 1));
        driver.Run(1);
        driver.Commit(TimeSpan.FromDays(1));
        driver.Restore();
        driver.Processor.Pool.Reset.ShouldBe(1);
        driver.Take(T, Batches.Of("d", 1, 1, T, 1));
        driver.Processor.Counts.Duplicates.ShouldBe(1);
    }

    private static long Waiting(PartitionDriver driver) => driver.Processor.Pool.LateBytes / LateReading.Bytes;

    private PartitionDriver Driver(Func<ProcessingOptions, ProcessingOptions>? change = null) => new(Options(change));

    private ProcessingOptions Options(Func<ProcessingOptions, ProcessingOptions>? change) =>
        (change ?? (o => o))(new ProcessingOptions { Detectors = () => [_detector] });
}
