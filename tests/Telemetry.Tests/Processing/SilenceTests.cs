using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Processing;
using Telemetry.Streams.Deletion;

namespace Telemetry.Tests.Processing;

public class SilenceTests
{
    private const long T = Batches.StartMs;
    private readonly PartitionDriver _driver = new(new ProcessingOptions { Detectors = () => [new RecordingDetector()] });

    [Fact]
    public void Silence_is_told_after_five_of_the_devices_own_intervals_and_ends_with_the_next_record()
    {
        for (var n = 0; n < 100; n++)
        {
            Alive("quiet", n, n * 3600);
        }

        // Another device moves the time of the partition.
        for (var ms = 360_000; ms < 900_000; ms += 100)
        {
            Alive("talker", (ms - 360_000) / 100, ms);
        }

        Alive("quiet", 100, 900_000);
        var records = _driver.Incidents.Where(i => i.Device == "quiet").ToList();
        records.Select(i => (i.Kind, i.State, i.Revision)).ShouldBe(
            [(IncidentKind.Silent, IncidentState.Open, 1u), (IncidentKind.Silent, IncidentState.Ended, 2u)]);
        var last = T + (99 * 3600);
        (records[0].StartUs, records[0].LastUs).ShouldBe(((last + 3600) * 1000, (last + 18_000) * 1000));
        records[0].Text.ShouldContain("usually heard every 3.6 s");
        (records[1].Id, records[1].EndUs).ShouldBe((records[0].Id, (T + 900_000) * 1000));
    }

    [Fact]
    public void Silence_of_all_is_told_by_a_record_without_a_value()
    {
        for (var n = 0; n < 100; n++)
        {
            Alive("a", n, n * 1000);
            Alive("b", n, (n * 1000) + 10);
        }

        var due = _driver.Processor.NextDueMs.ShouldNotBeNull();
        due.ShouldBeLessThanOrEqualTo(T + 99_000 + 5_000);
        _driver.Take(T + 3_600_000, []);
        _driver.Incidents.Select(i => (i.Device, i.State, i.LastUs)).ShouldBe(
            [("a", IncidentState.Open, (T + 104_000) * 1000), ("b", IncidentState.Open, (T + 104_010) * 1000)]);
        _driver.Processor.NextDueMs.ShouldBe(T + 3_660_000, "rules over absence wait longer: once a minute");
        _driver.Take(T + 100_000_000, []);
        _driver.Processor.NextDueMs.ShouldBeNull("a day later nothing is waited for any more");
        _driver.DeadLetters.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Devices_are_not_silent_because_the_platform_stood_still(bool tickFirst)
    {
        Fleet(0, 60);

        // 25 s without any record; then they come back one after the other, the last after 40 s.
        if (tickFirst)
        {
            _driver.Append(Batches.Tick(_driver.InputCount, T + 84_000, watchedSinceMs: T + 83_000));
        }

        for (var second = 0; second < 40; second++)
        {
            for (var device = 1; device <= Math.Min(19, 1 + (second / 2)); device++)
            {
                Alive($"d{device}", 60 + second, 85_000 + (second * 1000) + device);
            }
        }

        _driver.Incidents.ShouldBeEmpty();

        // One that does not come back is told when the grace is over.
        for (var second = 40; second < 100; second++)
        {
            for (var device = 1; device < 20; device++)
            {
                Alive($"d{device}", 60 + second, 85_000 + (second * 1000) + device);
            }
        }

        var silent = _driver.Incidents.ShouldHaveSingleItem();
        (silent.Device, silent.Kind, silent.State).ShouldBe(("d0", IncidentKind.Silent, IncidentState.Open));
    }

    [Fact]
    public void Other_records_without_a_value_do_not_end_a_stop_of_the_platform()
    {
        Fleet(0, 60);
        var order = new DeviceDeletion("d19", "ann").ToHeaders();
        _driver.Append(Batches.Record(_driver.InputCount, T + 84_000, []) with { Headers = order });
        Alive("d0", 60, 85_000);
        _driver.Records.Where(r => r.Topic == LogTopics.Incidents).ShouldHaveSingleItem("nothing but the order, passed on").Value.ShouldBeEmpty();
    }

    [Fact]
    public void All_devices_are_silent_when_somebody_watched()
    {
        Fleet(0, 60);
        _driver.Append(Batches.Tick(_driver.InputCount, T + 84_000, watchedSinceMs: T + 1_000));
        Alive("d0", 60, 85_000);
        _driver.Incidents.Count(i => i.State == IncidentState.Open).ShouldBe(20);
    }

    [Fact]
    public void Silence_within_what_a_device_sends_at_once_is_told_by_its_own_times()
    {
        // A past of 400 readings, one every 3.6 s, with six minutes missing, comes within a second.
        long[] times = [.. Enumerable.Range(0, 400).Select(n => (T + (n * 3600L) + (n < 250 ? 0 : 360_000)) * 1000)];
        for (var batch = 0; batch < 4; batch++)
        {
            Many("kept", batch, times.AsSpan(batch * 100, 100).ToArray(), T + 3_600_000 + (batch * 250));
        }

        var records = _driver.Incidents.ToList();
        records.Select(i => (i.Device, i.Kind, i.State, i.Revision)).ShouldBe(
            [("kept", IncidentKind.Silent, IncidentState.Open, 1u), ("kept", IncidentKind.Silent, IncidentState.Ended, 2u)]);
        var last = T + (249 * 3600);
        (records[0].StartUs, records[0].LastUs).ShouldBe(((last + 3600) * 1000, (last + 18_000) * 1000));
        (records[1].Id, records[1].EndUs).ShouldBe((records[0].Id, (last + 363_600) * 1000));
        records[1].Text.ShouldContain("was not heard for 6 min");

        // The same batch again says nothing.
        Many("kept", 2, times.AsSpan(200, 100).ToArray(), T + 3_605_000);
        _driver.Incidents.Count().ShouldBe(2);
    }

    [Fact]
    public void Times_of_one_sensor_after_the_other_say_nothing_of_silence()
    {
        for (var batch = 0; batch < 20; batch++)
        {
            var start = T + (batch * 3_000_000L);
            long[] times = [.. Enumerable.Range(0, 100).Select(n => (start + ((n % 50) * 1000) + (n is > 60 and < 100 ? 1_800_000 : 0)) * 1000)];
            Many("grouped", batch, times, start + 3_000_000);
        }

        _driver.Incidents.ShouldBeEmpty();
    }

    private void Many(string device, int batch, long[] times, long nowMs) => _driver.Take(
        nowMs, Batches.Of(device, 7, (ulong)(batch * 100) + 1, ["temperature"], new int[times.Length], times, new double[times.Length], []));

    private void Fleet(int fromSecond, int seconds)
    {
        for (var second = fromSecond; second < fromSecond + seconds; second++)
        {
            for (var device = 0; device < 20; device++)
            {
                Alive($"d{device}", second, (second * 1000) + (device * 40));
            }
        }
    }

    [Fact]
    public void Device_heard_every_six_minutes_is_never_silent()
    {
        for (var n = 0; n < 240; n++)
        {
            Alive("slow", n, n * 360_000L);
            for (var i = 1; i < 6; i++)
            {
                Alive("talker", (n * 6) + i, (n * 360_000L) + (i * 60_000));
            }
        }

        _driver.Incidents.ShouldBeEmpty();
    }

    [Fact]
    public void Device_heard_at_random_is_hardly_ever_silent()
    {
        var random = new Random(4);
        var ms = 0.0;
        for (var n = 0; n < 50_000; n++)
        {
            ms += -Math.Log(1 - random.NextDouble()) * 10_000;
            Alive("random", n, (long)ms);
        }

        // Nearly six days of exponential pauses: a fixed eight intervals would tell of 17 silences.
        _driver.Incidents.Count(i => i.State == IncidentState.Open).ShouldBeLessThanOrEqualTo(2);
    }

    [Fact]
    public void Incidents_of_a_device_that_stays_silent_end()
    {
        var driver = new PartitionDriver(new ProcessingOptions { Detectors = () => [new JumpDetector()] });
        for (var n = 0; n < 100; n++)
        {
            driver.Take(T + (n * 1000), Batches.Of("d", 1, (ulong)n + 1, T + (n * 1000), n >= 90 ? 500 : 0));
        }

        driver.Take(T + 200_000, []);
        driver.Incidents.Count(i => i.State == IncidentState.Ended).ShouldBe(0);
        driver.Take(T + 7_200_000, []);
        var end = driver.Incidents.Last();
        (end.State, end.Sensor, end.EndUs).ShouldBe((IncidentState.Ended, "temperature", (T + 99_000) * 1000));
    }

    private void Alive(string device, long number, long atMs) =>
        _driver.Take(T + atMs, Batches.Of(device, 1, (ulong)number + 1, T + atMs, 1));
}
