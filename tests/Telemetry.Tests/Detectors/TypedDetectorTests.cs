using System.Runtime.InteropServices;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.Typed;

namespace Telemetry.Tests.Detectors;

/// <summary>What the default set finds in small series, one kind of fault each, and what it leaves alone.</summary>
public sealed class TypedDetectorTests
{
    private const long Start = 1_777_896_000_000_000;

    private static readonly TypedDetector Detector = new(new TypedOptions());

    [Fact]
    public void Junk_after_power_on_is_forgotten_and_the_fault_after_it_found()
    {
        double[] values = [-242, .. TestSeries.Noise(1, 600, 20, 0.15)];
        (values[2], values[5], values[549]) = (85, 0, 60);

        Found(values).ShouldBe([(549, FindingKind.Spike)], ignoreOrder: false, "only the fault");
    }

    [Fact]
    public void Frozen_value_is_found_before_forty_repetitions_with_its_usual_run()
    {
        var values = TestSeries.Noise(2, 4000, 45, 1.5).Select(v => Math.Round(v, 1)).ToArray();
        Array.Fill(values, 44.5, 3000, 40);

        var (at, finding) = All(values).ShouldHaveSingleItem();

        at.ShouldBeInRange(3001, 3039);
        finding.Kind.ShouldBe(FindingKind.StuckAt);
        finding.RunLength.ShouldBeGreaterThanOrEqualTo(8);
        finding.UsualRunLength.ShouldBeLessThan(6);
        finding.StartMicros.ShouldBeInRange(Start + (2999 * 30_000_000L), Start + (3000 * 30_000_000L));
    }

    [Fact]
    public void Three_levels_held_for_long_become_usual_and_a_reading_between_them_is_found()
    {
        var random = new Random(3);
        double[] levels = [0.4, 1.4, 2.4];
        var values = new double[6000];
        for (int i = 0, level = 1, left = 440; i < values.Length; i++, left--)
        {
            if (left == 0)
            {
                (level, left) = ((level + 1 + random.Next(2)) % 3, random.Next(200, 500));
            }

            values[i] = Math.Round(levels[level] + (0.02 * TestSeries.Gaussian(random)), 2);
        }

        var clean = All(values);
        clean.Count(f => f.At < 1500).ShouldBeLessThanOrEqualTo(1);
        clean.Count(f => f.At >= 1500).ShouldBe(0);
        values[5200] = 1.9;
        All(values).ShouldContain(f => f.At >= 5200 && f.At <= 5201);
    }

    [Fact]
    public void Drift_of_a_slow_series_is_found_on_its_first_day_and_the_course_of_the_day_is_not()
    {
        var (found, strays) = (0, 0);
        for (var seed = 1; seed <= 6; seed++)
        {
            var random = new Random(seed);
            var wander = 0.0;
            var values = new double[1900];
            for (var i = 0; i < values.Length; i++)
            {
                // The air of a hall: 16 hours of a day of 18 %, wander of ten minutes.
                wander = (0.95 * wander) + (0.3 * TestSeries.Gaussian(random));
                values[i] = Math.Round(2 * (50 + (9 * Math.Sin(2 * Math.PI * i / 2880)) + wander)) / 2;
            }

            strays += All(values).Count;
            for (var i = 1500; i < 1560; i++)
            {
                values[i] += (i - 1500) * 9 / 60.0;
            }

            found += All(values).Exists(f => f.At is >= 1500 and < 1560) ? 1 : 0;
        }

        found.ShouldBeGreaterThanOrEqualTo(5);
        strays.ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public void Jump_that_stays_is_a_level_shift_from_and_to()
    {
        var values = TestSeries.Noise(4, 3000, 21.4, 0.1);
        for (var i = 2000; i < 2100; i++)
        {
            values[i] += 1.7;
        }

        var state = TestSeries.New(Detector);
        var shift = values.Select((v, i) => (Verdict: Detector.Watch(state, v, Time(i), null), Finding: Detector.Describe(state)))
            .Where(r => r.Finding.IsOpen && r.Finding.Kind == FindingKind.LevelShift).Select(r => r.Finding).LastOrDefault();

        shift.Kind.ShouldBe(FindingKind.LevelShift);
        shift.Direction.ShouldBe((sbyte)1);
        shift.FromLevel.ShouldBe(21.4, 0.1);
        shift.ToLevel.ShouldBe(23.1, 0.3);
        shift.StartMicros.ShouldBeInRange(Time(2000), Time(2004));
        shift.UsualHigh.ShouldBeLessThan(21.8);
    }

    [Fact]
    public void Faults_that_are_over_are_no_switches_of_the_machine()
    {
        var (clean, faulty) = (TestSeries.Noise(4, 6000, 21.4, 0.1), TestSeries.Noise(4, 6000, 21.4, 0.1));
        for (var start = 1000; start < 5000; start += 1000)
        {
            for (var i = start; i < start + 60; i++)
            {
                faulty[i] += 4;
            }
        }

        var (without, with) = (StateAfter(clean), StateAfter(faulty));

        with.Level.Dwell.Switches.ShouldBe(without.Level.Dwell.Switches);
    }

    [Fact]
    public void State_of_a_machine_is_counted_and_not_taken_for_a_fault()
    {
        var values = TestSeries.Noise(4, 6000, 21.4, 0.1);
        for (var i = 1000; i < 6000; i++)
        {
            values[i] += i / 500 % 2 == 0 ? 4 : 0;
        }

        StateAfter(values).Level.Dwell.Switches.ShouldBeGreaterThanOrEqualTo(8);
    }

    [Fact]
    public void Noise_burst_is_found_as_one()
    {
        var random = new Random(5);
        var values = TestSeries.Noise(5, 3000, 10, 0.1);
        for (var i = 2000; i < 2040; i++)
        {
            values[i] += TestSeries.Gaussian(random);
        }

        var findings = All(values);

        findings.ShouldHaveSingleItem().At.ShouldBeInRange(2000, 2015);
    }

    [Fact]
    public void Finding_ends_and_says_until_when()
    {
        var values = TestSeries.Noise(6, 3000, 10, 0.1);
        values[2000] = 14;
        var state = TestSeries.New(Detector);
        var phases = values.Select((v, i) => (At: i, Detector.Watch(state, v, Time(i), null).Phase))
            .Where(p => p.Phase is FindingPhase.Opened or FindingPhase.Ended).ToArray();

        phases.Select(p => p.Phase).ShouldBe([FindingPhase.Opened, FindingPhase.Ended]);
        phases[1].At.ShouldBeInRange(2010, 2030);
        var finding = Detector.Describe(state);
        finding.IsOpen.ShouldBeFalse();
        finding.PeakValue.ShouldBe(14);
        finding.Spreads.ShouldBeGreaterThan(20);
        finding.EndMicros.ShouldBeInRange(Time(2000), Time(2012));
    }

    [Fact]
    public void Limits_are_findings_whatever_the_series_did_and_the_outer_one_is_worse()
    {
        var profile = new SensorProfile { LoLo = 0, Lo = 5, Hi = 30, HiHi = 40 };
        var state = TestSeries.New(Detector);
        Detector.Watch(state, 20, Time(0), profile).Phase.ShouldBe(FindingPhase.None);
        Detector.Watch(state, 31, Time(1), profile).ShouldSatisfyAllConditions(
            v => v.Phase.ShouldBe(FindingPhase.Opened), v => v.Kind.ShouldBe(FindingKind.Limit));
        Detector.Describe(state).ShouldSatisfyAllConditions(
            f => f.Limit.ShouldBe(LimitLevel.Hi), f => f.LimitValue.ShouldBe(30), f => f.Severity.ShouldBe(500));
        Detector.Watch(state, 41, Time(2), profile).Phase.ShouldBe(FindingPhase.Updated);
        Detector.Describe(state).ShouldSatisfyAllConditions(
            f => f.Limit.ShouldBe(LimitLevel.HiHi), f => f.LimitValue.ShouldBe(40), f => f.Severity.ShouldBe(800));
    }

    [Fact]
    public void Change_faster_than_allowed_is_a_finding()
    {
        var profile = new SensorProfile { RateLimitPerSecond = 0.1 };
        var state = TestSeries.New(Detector);
        Detector.Watch(state, 20, Time(0), profile);
        Detector.Watch(state, 22.9, Time(1), profile).Phase.ShouldBe(FindingPhase.None);
        Detector.Watch(state, 26, Time(2), profile).Kind.ShouldBe(FindingKind.RateOfChange);
    }

    /// <summary>Bearings: the mean distance from where they should be finds what the levels they know cannot.</summary>
    [Fact]
    public void Shifts_of_what_follows_the_load_with_a_delay_are_found_more_often_where_swings_are_looked_at()
    {
        const int Begin = 13_000;
        var blind = new TypedDetector(new TypedOptions(), new TypedTuning { SwingSeconds = 0 });
        var (found, foundBlind, falseAlarms, falseBlind) = (0, 0, 0, 0);
        foreach (var (shift, readings) in ((double, int)[])[(2.5, 70), (3, 40)])
        {
            for (var seed = 1; seed <= 24; seed++)
            {
                var end = Begin + readings;
                var values = Bearing(seed, Begin, end, seed % 2 == 0 ? shift : -shift);
                var (seen, seenBlind) = (All(values), All(values, blind));
                found += seen.Exists(f => f.At >= Begin && f.At < end) ? 1 : 0;
                foundBlind += seenBlind.Exists(f => f.At >= Begin && f.At < end) ? 1 : 0;
                falseAlarms += seen.Count(f => f.At < Begin);
                falseBlind += seenBlind.Count(f => f.At < Begin);
            }
        }

        found.ShouldBeGreaterThan(2 * foundBlind);
        found.ShouldBeGreaterThanOrEqualTo(15);
        falseAlarms.ShouldBe(falseBlind);
    }

    [Fact]
    public void Shift_of_a_machine_with_three_levels_is_found_on_its_first_day()
    {
        var random = new Random(12);
        double[] levels = [80, 104, 104, 104, 120];
        var values = new double[1400];
        for (int i = 0, left = 0, level = 0; i < values.Length; i++, left--)
        {
            (left, level) = left == 0 ? (random.Next(4, 10), random.Next(5)) : (left, level);
            values[i] = levels[level] + TestSeries.Gaussian(random) + (i is >= 1000 and < 1050 ? 5 : 0);
        }

        var (at, _) = All(values).ShouldHaveSingleItem();
        at.ShouldBeInRange(1000, 1049);
    }

    [Fact]
    public void Counter_that_now_and_then_stands_still_twice_as_long_as_usual_is_found_only_where_it_does_so_for_long()
    {
        const int day = 2880;

        // Ten readings in each hour its machine is off; every other day for twenty.
        var random = new Random(9);
        var (count, values) = (1000.0, new double[(8 * day) + 100]);
        for (var i = 0; i < values.Length; i++)
        {
            var off = i % 120 < 10 || (i % (2 * day) is >= 1200 and < 1220) || i >= values.Length - 100;
            count += off ? 0 : random.Next(1, 4);
            values[i] = count;
        }

        var found = All(values).FindAll(f => f.At > 2 * day);

        var (at, finding) = found.ShouldHaveSingleItem();
        at.ShouldBeInRange(values.Length - 80, values.Length - 1);
        finding.Kind.ShouldBe(FindingKind.StuckAt);
        finding.UsualRunLength.ShouldBeInRange(18, 23);
    }

    [Fact]
    public void Counter_is_known_as_one_and_its_first_resets_are_told()
    {
        var random = new Random(7);
        var state = TestSeries.New(Detector);
        var (count, found) = (0.0, new List<FindingKind>());
        for (var i = 0; i < 20_000; i++)
        {
            count = i % 3000 == 2999 ? 0 : count + random.Next(5, 15);
            var verdict = Detector.Watch(state, count, Time(i), null);
            if (verdict.Phase == FindingPhase.Opened)
            {
                found.Add(verdict.Kind);
            }
        }

        found.ShouldBe([FindingKind.CounterReset, FindingKind.CounterReset, FindingKind.CounterReset]);
    }

    [Fact]
    public void Switch_of_two_states_raises_nothing_and_a_third_state_does()
    {
        var random = new Random(8);
        var values = new double[6000];
        for (int i = 0, left = 40, on = 0; i < values.Length; i++, left--)
        {
            (left, on) = left == 0 ? (random.Next(20, 80), 1 - on) : (left, on);
            values[i] = on;
        }

        All(values).ShouldBeEmpty();
        values[5000] = 2;
        All(values).ShouldHaveSingleItem().Finding.Kind.ShouldBe(FindingKind.UnknownState);
    }

    [Fact]
    public void Infinity_is_a_finding_and_is_not_learned()
    {
        var values = TestSeries.Noise(9, 2000, 10, 0.1);
        var state = TestSeries.New(Detector);
        for (var i = 0; i < 1500; i++)
        {
            Detector.Watch(state, values[i], Time(i), null);
        }

        Detector.Watch(state, double.NegativeInfinity, Time(1500), null).Phase.ShouldBe(FindingPhase.Opened);
        Detector.Describe(state).Direction.ShouldBe((sbyte)-1);
        for (var i = 1501; i < 1600; i++)
        {
            Detector.Watch(state, values[i], Time(i), null).Phase.ShouldNotBe(FindingPhase.Opened);
        }
    }

    private static List<(int At, FindingKind Kind)> Found(double[] values) => [.. All(values).Select(f => (f.At, f.Finding.Kind == FindingKind.UnusualLevel ? FindingKind.Spike : f.Finding.Kind))];

    /// <summary>Five days of a bearing: its machine is idle, runs, or is at full load for 2 to 5 minutes each, in any order; it takes 5 minutes to follow.</summary>
    private static double[] Bearing(int seed, int from, int to, double shift)
    {
        var random = new Random(seed);
        var (level, part, values) = (43.0, random.Next(5, 10), new double[14_400]);
        double[] loads = [35, 43.4, 43.4, 43.4, 49];
        for (var i = 0; i < values.Length; i++)
        {
            if (i % (5 * part) == 0)
            {
                random.Shuffle(loads);
            }

            level += (loads[i / part % 5] - level) / 10;
            values[i] = Math.Round(level + (0.3 * TestSeries.Gaussian(random)) + (i >= from && i < to ? shift : 0), 1);
        }

        return values;
    }

    private static List<(int At, Finding Finding)> All(double[] values, TypedDetector? detector = null)
    {
        detector ??= Detector;
        var state = TestSeries.New(detector);
        var found = new List<(int, Finding)>();
        for (var i = 0; i < values.Length; i++)
        {
            if (detector.Watch(state, values[i], Time(i), null).Phase == FindingPhase.Opened)
            {
                found.Add((i, detector.Describe(state)));
            }
        }

        return found;
    }

    private static TypedState StateAfter(double[] values)
    {
        var state = TestSeries.New(Detector);
        for (var i = 0; i < values.Length; i++)
        {
            Detector.Watch(state, values[i], Time(i), null);
        }

        return MemoryMarshal.Read<TypedState>(state);
    }

    private static long Time(int reading) => Start + (reading * 30_000_000L);
}
