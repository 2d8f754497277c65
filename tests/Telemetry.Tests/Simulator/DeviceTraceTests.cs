using Telemetry.Simulator.Machines;
using Telemetry.Simulator.Options;

namespace Telemetry.Tests.Simulator;

public sealed class DeviceTraceTests
{
    private static readonly FleetPlan Hard = new() { Realism = Realism.Hard, Seed = 3, ConditionsPerDeviceDay = 3 };

    [Theory]
    [InlineData(Realism.Plain)]
    [InlineData(Realism.Hard)]
    public void A_trace_repeats_by_seed_and_another_seed_gives_another(Realism realism)
    {
        var plan = new FleetPlan { Realism = realism, Span = TimeSpan.FromDays(2) };
        var first = Play(plan, 5, out var labels);
        Play(plan, 5, out var again).SequenceEqual(first).ShouldBeTrue();
        again.Select(Text).ShouldBe(labels.Select(Text));
        Play(plan with { Seed = 2 }, 5, out _).SequenceEqual(first).ShouldBeFalse();
    }

    [Fact]
    public void The_plain_fleet_sends_at_its_pace_and_only_faults_are_labelled()
    {
        var plan = new FleetPlan { Span = TimeSpan.FromDays(2) };
        var readings = Play(plan, 1, out var labels);
        readings.Count.ShouldBeInRange(44_000, 48_001);
        readings.TrueForAll(r => r.EventTimeUs == r.ArrivalUs).ShouldBeTrue();
        labels.ShouldNotBeEmpty();
        labels.ShouldAllBe(label => label.IsFault && label.Sensors.Count < 2);
        readings.GroupBy(r => r.Sensor).Count().ShouldBe(FleetPlan.SensorNames.Count);
    }

    [Fact]
    public void The_hard_fleet_plays_every_kind_and_labels_it()
    {
        var kinds = new HashSet<string>();
        var pairs = 0;
        for (var device = 0; device < 40; device++)
        {
            Play(Hard with { Span = TimeSpan.FromDays(4) }, device, out var labels);
            kinds.UnionWith(labels.Select(label => label.Kind));
            pairs += labels.Count(label => label.Sensors.Count == 2);
        }

        kinds.ShouldBe(
            [
                "spike", "level-shift", "drift", "stuck-at", "noise-burst", "dropout",
                "power-off", "power-on", "offline", "clock-set-back", "sensor-missing", "maintenance",
            ],
            ignoreOrder: true);
        pairs.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void Readings_kept_over_an_outage_arrive_after_it_in_either_order_and_none_is_lost()
    {
        var (inOrder, newestFirst) = (0, 0);
        var end = (Hard.Start + Hard.Span - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        for (var device = 0; device < 20; device++)
        {
            var readings = Play(Hard with { FaultsPerDeviceDay = 0 }, device, out var labels);
            readings.Select(r => r.Sequence).Order().SequenceEqual(Enumerable.Range(1, readings.Count).Select(n => (ulong)n)).ShouldBeTrue();
            readings.Zip(readings.Skip(1)).All(pair => pair.First.ArrivalUs < pair.Second.ArrivalUs).ShouldBeTrue();
            foreach (var label in labels.Where(label => label.Kind == "offline"))
            {
                var kept = readings.Where(r => r.EventTimeUs >= label.StartUs && r.EventTimeUs < label.EndUs).ToList();
                (kept.Count == 0 || kept[0].ArrivalUs >= Math.Min(label.EndUs, end)).ShouldBeTrue();
                if (kept.Count > 2)
                {
                    _ = kept[0].EventTimeUs < kept[1].EventTimeUs ? inOrder++ : newestFirst++;
                }
            }
        }

        inOrder.ShouldBeGreaterThan(10);
        newestFirst.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void A_clock_set_back_changes_event_times_and_not_arrival()
    {
        var seen = 0;
        for (var device = 0; device < 20; device++)
        {
            var readings = Play(Hard with { FaultsPerDeviceDay = 0 }, device, out var labels);
            foreach (var label in labels.Where(label => label.Kind == "clock-set-back"))
            {
                seen++;
                var back = readings.Where(r => r.ArrivalUs >= label.StartUs && r.ArrivalUs < label.EndUs && r.ArrivalUs != r.EventTimeUs).ToList();
                back.ShouldNotBeEmpty();
                back.TrueForAll(r => r.ArrivalUs - r.EventTimeUs >= 30 * 60_000_000L).ShouldBeTrue();
            }
        }

        seen.ShouldBeGreaterThan(5);
    }

    [Fact]
    public void Junk_comes_at_power_on_and_at_no_other_time()
    {
        var junk = 0;
        for (var device = 0; device < 20; device++)
        {
            var readings = Play(Hard with { FaultsPerDeviceDay = 0 }, device, out var labels);
            foreach (var reading in readings.Where(r => r.Value == -242))
            {
                junk++;
                labels.ShouldContain(label => label.Kind == "power-on"
                    && reading.EventTimeUs >= label.StartUs && reading.EventTimeUs < label.EndUs);
            }
        }

        junk.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void States_of_the_hard_fleet_last_from_under_a_minute_to_over_a_day()
    {
        var lengths = new List<double>();
        for (var device = 0; device < 60; device++)
        {
            var plan = Hard with { FaultsPerDeviceDay = 0, ConditionsPerDeviceDay = 0 };
            var power = Play(plan, device, out _).Where(r => FleetPlan.SensorNames[r.Sensor] == "power").ToList();
            var since = 0;
            for (var i = 1; i < power.Count; i++)
            {
                if (Math.Abs(power[i].Value - power[since].Value) > 1.5)
                {
                    lengths.Add((power[i].EventTimeUs - power[since].EventTimeUs) / 60e6);
                    since = i;
                }
            }
        }

        lengths.Count(minutes => minutes < 2).ShouldBeGreaterThan(100);
        lengths.Count(minutes => minutes is > 10 and < 60).ShouldBeGreaterThan(100);
        lengths.Count(minutes => minutes > 1440).ShouldBeGreaterThan(5);
    }

    private static string Text(PlayedLabel label) =>
        $"{label.Kind} {label.Device} {string.Join('+', label.Sensors)} {label.StartUs} {label.EndUs} {label.Size:R} {label.IsFault}";

    private static List<TracedReading> Play(FleetPlan plan, int device, out IReadOnlyList<PlayedLabel> labels)
    {
        var trace = plan.Play(device);
        var readings = new List<TracedReading>();
        while (trace.TryNext(out var reading))
        {
            readings.Add(reading);
        }

        labels = trace.Labels;
        return readings;
    }
}
