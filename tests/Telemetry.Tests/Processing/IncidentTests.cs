using Telemetry.Contracts.V1;
using Telemetry.Processing;
using Telemetry.Processing.Detectors;

namespace Telemetry.Tests.Processing;

public class IncidentTests
{
    private const long T = Batches.StartMs;

    [Fact]
    public void A_jump_is_one_incident_from_its_first_to_its_last_strange_reading()
    {
        var driver = Driver();
        Play(driver, 300, second => second is >= 100 and < 130 ? 500 : 0);

        var records = driver.Incidents.ToList();
        records.Select(i => (i.State, i.Kind)).ShouldBe(
            [
                (IncidentState.Open, IncidentKind.Spike), (IncidentState.Updated, IncidentKind.LevelShift), (IncidentState.Updated, IncidentKind.LevelShift),
                (IncidentState.Ended, IncidentKind.LevelShift),
            ]);
        records.Select(i => i.Revision).ShouldBe([1u, 2u, 3u, 4u]);
        records.Select(i => i.Id).Distinct().ShouldHaveSingleItem().ShouldStartWith($"{T + 100_000:x12}-");
        var end = records[^1];
        (end.Device, end.Sensor, end.StartUs, end.LastUs, end.EndUs, end.Value, end.FromLevel, end.ToLevel, end.SensorCount, end.Sequence, end.Late)
            .ShouldBe(("d", "temperature", At(100), At(129), At(129), 500, 0, 500, 1u, 101UL, false));
        end.Text.ShouldBe($"temperature level moved from 0 to 500 at {DateTimeOffset.FromUnixTimeMilliseconds(T + 100_000):HH:mm:ss} UTC");
        var anomaly = driver.Anomalies.ShouldHaveSingleItem();
        (anomaly.IncidentId, anomaly.Kind, anomaly.Detector).ShouldBe((end.Id, AnomalyKind.Spike, "jump"));
    }

    [Fact]
    public void Records_of_a_long_incident_come_at_growing_distances()
    {
        var driver = Driver(o => o with { IncidentUpdateEvery = TimeSpan.FromSeconds(10) });
        Play(driver, 7200, second => second >= 100 ? 500 : 0);

        var updates = driver.Incidents.Where(i => i.State == IncidentState.Updated).Select(i => (i.LastUs - At(100)) / 1_000_000).ToList();
        updates.Take(6).ShouldBe([10, 30, 70, 150, 310, 630]);
        updates.Skip(6).Zip(updates.Skip(7)).ShouldAllBe(pair => pair.Second - pair.First <= 600);
    }

    [Fact]
    public void Several_detectors_of_one_series_say_one_thing()
    {
        var driver = Driver(o => o with { Detectors = () => [new RecordingDetector(), new JumpDetector()], AlertHoldOff = TimeSpan.FromSeconds(20) });
        Play(driver, 300, second => second is >= 100 and < 130 ? 500 : 0);

        driver.Incidents.Select(i => i.Id).Distinct().Count().ShouldBe(1);
        var end = driver.Incidents.Last();
        end.State.ShouldBe(IncidentState.Ended);
        end.Kind.ShouldBe(IncidentKind.LevelShift);
        end.Detectors.ShouldBe(["recording", "jump"]);
        driver.Anomalies.Select(a => a.Detector).ShouldBe(["recording", "jump"]);
    }

    [Fact]
    public void Sensors_that_jump_at_one_moment_share_an_incident_and_later_ones_do_not()
    {
        var driver = Driver();
        for (var second = 0; second < 400; second++)
        {
            var values = new double[] { second is >= 100 and < 110 ? 500 : 0, second is >= 102 and < 115 ? -700 : 0, second is >= 200 and < 205 ? 300 : 0 };
            driver.Take(
                T + (second * 1000), Batches.Of("d", 1, ((ulong)second * 3) + 1, ["a", "b", "c"], [0, 1, 2], [At(second), At(second), At(second)], values, []));
        }

        var ended = driver.Incidents.Where(i => i.State == IncidentState.Ended).ToList();
        ended.Select(i => (i.Sensor, i.SensorCount)).ShouldBe([("a", 2u), ("c", 1u)]);
        ended[0].Sensors.Select(s => (s.Sensor, s.Value, s.Direction)).ShouldBe(
            [("a", 500, IncidentDirection.Up), ("b", -700, IncidentDirection.Down)]);
        ended[0].LastUs.ShouldBe(At(114));
        ended[0].Text.ShouldEndWith("; with b");
    }

    [Fact]
    public void Unit_of_a_sensor_is_in_the_text()
    {
        var driver = Driver(o => o with { UnitOf = static (device, sensor) => (device, sensor) == ("d", "temperature") ? "degC" : "" });
        Play(driver, 102, second => second == 100 ? 500 : 0);
        driver.Incidents.Last().Unit.ShouldBe("degC");
        driver.Incidents.Last().Text.ShouldStartWith("temperature 500 degC, usually -1 to 1");
    }

    [Fact]
    public void Device_set_back_by_hours_is_judged_at_once_and_speaks_of_its_own_times()
    {
        const int Back = 3 * 3600;
        var driver = Driver();
        for (var second = 0; second < 1200; second++)
        {
            var clock = second is >= 300 and < 900 ? second - Back : second;
            driver.Take(T + (second * 1000), Batches.Of("d", 1, (ulong)second + 1, T + (clock * 1000L), second is >= 310 and < 320 ? 500 : 0));
        }

        var end = driver.Incidents.Last();
        (end.State, end.StartUs, end.EndUs).ShouldBe((IncidentState.Ended, At(310 - Back), At(319 - Back)));
        driver.Processor.Counts.Fed.ShouldBe(1200);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Readings_of_an_hour_offline_are_judged_in_their_order(bool newestFirst)
    {
        var driver = Driver();
        Play(driver, 300, _ => 0);
        var kept = Enumerable.Range(300, 3600).ToArray();
        if (newestFirst)
        {
            Array.Reverse(kept);
        }

        // Live again, and what was kept in between: the latter comes after the first live one.
        var now = T + 3_900_000;
        driver.Take(now, Batches.Of("d", 1, 3901, now, 0));
        foreach (var second in kept)
        {
            now += 2;
            driver.Take(now, Batches.Of("d", 1, (ulong)second + 1, T + (second * 1000L), second is >= 1000 and < 1010 ? 500 : 0));
        }

        driver.Incidents.Where(i => i.Kind != IncidentKind.Silent).ShouldBeEmpty("they wait for each other");
        for (var second = 3910; second < 3960; second++)
        {
            driver.Take(T + (second * 1000L), Batches.Of("d", 1, (ulong)second - 8, T + (second * 1000L), 0));
        }

        var incident = driver.Incidents.Single(i => i.Kind != IncidentKind.Silent);
        (incident.State, incident.Late, incident.Kind, incident.StartUs, incident.EndUs, incident.Sequence)
            .ShouldBe((IncidentState.Ended, true, IncidentKind.LevelShift, At(1000), At(1009), 1001UL));
        (driver.Processor.Counts.Held, driver.Processor.Counts.FedLate, driver.Processor.Counts.TooLate).ShouldBe((3600, 3600, 0));
    }

    [Fact]
    public void Readings_kept_offline_that_come_first_are_judged_as_they_come_and_marked_late()
    {
        var driver = Driver();
        Play(driver, 300, _ => 0);
        driver.Take(T + 3_900_000, Batches.Of("other", 1, 1, T + 3_900_000, 0));
        for (var second = 300; second < 3900; second++)
        {
            driver.Take(T + 3_900_000 + second, Batches.Of("d", 1, (ulong)second + 1, T + (second * 1000L), second is >= 1000 and < 1010 ? 500 : 0));
        }

        var incident = driver.Incidents.Last(i => i.Kind != IncidentKind.Silent);
        (incident.State, incident.Late, incident.StartUs, incident.EndUs).ShouldBe((IncidentState.Ended, true, At(1000), At(1009)));
        driver.Processor.Counts.Fed.ShouldBe(3901);
    }

    [Fact]
    public void Late_readings_beyond_their_share_of_memory_are_judged_at_once_and_what_is_older_is_counted_by_device()
    {
        var driver = Driver(o => o with { LateBytesPerDeviceMax = 40 * 100 });
        Play(driver, 300, _ => 0);
        driver.Take(T + 900_000, Batches.Of("d", 1, 901, T + 900_000, 0));
        for (var second = 899; second >= 300; second--)
        {
            driver.Take(T + 900_000 + second, Batches.Of("d", 1, (ulong)second + 1, T + (second * 1000L), 0));
        }

        var counts = driver.Processor.Counts;
        (counts.Held, counts.FedLate, counts.TooLate).ShouldBe((600, 100, 500));
        driver.Processor.Pool.LateBytes.ShouldBe(0);
        driver.Events.Where(e => e.Kind == DeviceEventKind.Unjudged).Select(e => (e.Device, e.Figure))
            .ShouldBe([("d", 100L), ("d", 200L), ("d", 300L)], "told as it doubles: 64, 128, 256");
    }

    [Fact]
    public void Every_sensor_of_a_large_gateway_is_judged_also_after_a_restore()
    {
        const int Sensors = 2000;
        const int Batch = 200;
        var driver = Driver(o => o with
        {
            Detectors = static () => [new JumpDetector(), new PaddedDetector()],
            State = new() { PieceBytesMax = 1024 },
        });
        string[] names = [.. Enumerable.Range(0, Sensors).Select(i => $"tag-{i:0000}")];
        for (var round = 0; round < 12; round++)
        {
            var values = Enumerable.Range(0, Sensors).Select(i => round == 10 && i % 200 == 7 ? 500.0 : i % 50).ToArray();
            for (var first = 0; first < Sensors; first += Batch)
            {
                driver.Take(T + (round * 60_000) + first, Batches.Of(
                    "gateway", 1, (ulong)((round * Sensors) + first) + 1, names[first..(first + Batch)], [.. Enumerable.Range(0, Batch)],
                    [.. Enumerable.Repeat((T + (round * 60_000)) * 1000, Batch)], values[first..(first + Batch)], []));
            }

            if (round == 8)
            {
                driver.Commit(TimeSpan.FromDays(1));
                driver.Restore();
                driver.StateRecords.ShouldBeGreaterThan(4, "too large for one record");
            }
        }

        driver.Processor.Counts.NoRoom.ShouldBe(0);
        driver.Processor.Pool.Count.ShouldBe(Sensors);
        driver.Processor.Table.Torn.ShouldBe(0);
        driver.Anomalies.Select(a => a.Sensor).ShouldBe(Enumerable.Range(0, 10).Select(i => $"tag-{(i * 200) + 7:0000}"));
        driver.Incidents.Last().SensorCount.ShouldBe(10u);
    }

    private static long At(long second) => (T + (second * 1000)) * 1000;

    private static PartitionDriver Driver(Func<ProcessingOptions, ProcessingOptions>? change = null) => new((change ?? (o => o))(new ProcessingOptions
    {
        Detectors = static () => [new JumpDetector()],
        IncidentHoldOff = TimeSpan.FromSeconds(20),
    }));

    private static void Play(PartitionDriver driver, int seconds, Func<int, double> value)
    {
        for (var second = 0; second < seconds; second++)
        {
            driver.Take(T + (second * 1000), Batches.Of("d", 1, (ulong)second + 1, T + (second * 1000), value(second)));
        }
    }

    /// <summary>Says nothing and has as much state as a detector may have.</summary>
    private sealed class PaddedDetector : ISeriesDetector
    {
        public string Name => "padded";

        public AnomalyKind Kind => AnomalyKind.Spike;

        public int StateVersion => 1;

        public int StateBytes => 1500;

        public void Initialize(Span<byte> state) => state.Clear();

        public DetectorResult Update(Span<byte> state, double value, long eventTimeMicros)
        {
            state[^1]++;
            return default;
        }
    }
}
