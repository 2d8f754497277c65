using FsCheck;
using FsCheck.Fluent;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.MlNet;
using Incident = Telemetry.Processing.Detectors.Incident;

namespace Telemetry.Tests.Detectors;

public sealed class AlertGateTests
{
    private const long Step = 30_000_000;
    private static readonly DetectorResult Calm = new(false, 0, 0.4, double.NaN, DetectorMode.Compatible);
    private static readonly DetectorResult Alarm = new(true, 0, 1e-4, double.NaN, DetectorMode.Compatible);

    [Fact]
    public void Incident_has_one_start_one_peak_and_one_end()
    {
        var values = TestSeries.Noise(1, 1000, 20, 0.1);
        for (var i = 0; i < 5; i++)
        {
            values[600 + i] = 25 + (i == 2 ? 3 : 0);
        }

        var detector = DetectorDefaults.Create()[0];
        var incidents = Run(detector, values);
        var started = incidents.Single(x => x.Incident.Phase == IncidentPhase.Started);
        var ended = incidents.Single(x => x.Incident.Phase == IncidentPhase.Ended);
        started.At.ShouldBe(600);
        ended.At.ShouldBeGreaterThan(604);
        ended.Incident.StartMicros.ShouldBe(600 * Step);
        ended.Incident.PeakMicros.ShouldBe(602 * Step);
        ended.Incident.PeakValue.ShouldBe(28);
        ended.Incident.Alerts.ShouldBeGreaterThan(0);
        ended.Incident.LeastPValue.ShouldBeLessThan(1e-3);
        incidents.Where(x => x.At > 600 && x.At < ended.At)
            .ShouldAllBe(x => x.Incident.Phase == IncidentPhase.Ongoing);
    }

    [Fact]
    public void Overwhelming_value_opens_an_incident_long_before_the_warm_up_is_over()
    {
        Starts(40, 20 + 5).ShouldBe([40]);
        Starts(40, 20 - 5).ShouldBe([40]);

        // Far, but not beyond doubt: 6 sigma. Later in the warm-up less is enough. Before the history is there, nothing is.
        Starts(40, 20.6).ShouldBeEmpty();
        Starts(40, 20.85).ShouldBeEmpty();
        Starts(390, 20.85).ShouldBe([390]);
        Starts(20, 25).ShouldBeEmpty();
        Starts(40, double.PositiveInfinity).ShouldBeEmpty();
        Starts(40, double.NaN).ShouldBeEmpty();

        static int[] Starts(int at, double value)
        {
            var values = TestSeries.Noise(6, 395, 20, 0.1);
            values[at] = value;
            return [.. Run(DetectorDefaults.Create()[0], values)
                .Where(x => x.Incident.Phase == IncidentPhase.Started).Select(x => x.At)];
        }
    }

    [Fact]
    public void Series_that_holds_still_has_no_scale_and_is_not_judged_early()
    {
        var values = Enumerable.Range(0, 300).Select(i => i < 100 ? (i % 10 == 9 ? 1.0 : 0) : 1000).ToArray();
        Run(DetectorDefaults.Create()[0], values).ShouldBeEmpty();
    }

    [Fact]
    public void What_repeats_falls_silent_and_what_is_larger_is_heard()
    {
        var random = new Random(4);
        var values = Enumerable.Range(0, 20_000).Select(i => i % 400 == 399 ? 30 : 20 + random.NextDouble()).ToArray();
        values[19_900] = 60;
        var starts = Run(DetectorDefaults.Create()[0], values)
            .Where(x => x.Incident.Phase == IncidentPhase.Started).Select(x => x.At).ToArray();
        starts.Count(at => at < 19_900).ShouldBeLessThanOrEqualTo(3);
        starts.ShouldContain(19_900);
    }

    [Fact]
    public void Change_point_alert_is_remembered_until_the_mean_has_moved()
    {
        double[] values = [.. TestSeries.Noise(2, 1500, 20, 0.1), .. TestSeries.Noise(3, 300, 24, 0.1)];
        var gate = new AlertGate(DetectorDefaults.ChangePointGate);
        var state = new byte[gate.StateBytes];
        var starts = new List<int>();
        for (var i = 0; i < values.Length; i++)
        {
            var incident = gate.Update(state, i is 700 or 1500 ? Alarm : Calm, values[i], i * Step);
            starts.AddRange(incident.Phase == IncidentPhase.Started ? [i] : Array.Empty<int>());
        }

        starts.Single().ShouldBeInRange(1500, 1510);
    }

    [Fact]
    public void Incident_that_lasts_becomes_usual()
    {
        var gate = new AlertGate(new AlertGateOptions { MaxDuration = TimeSpan.FromMinutes(10), WarmUpReadings = 50 });
        var state = new byte[gate.StateBytes];
        var phases = new List<IncidentPhase>();
        for (var i = 0; i < 200; i++)
        {
            var (value, result) = i < 100 ? (i % 2, Calm) : (i % 2 * 1000.0, Alarm);
            phases.Add(gate.Update(state, result, value, i * Step).Phase);
        }

        phases.IndexOf(IncidentPhase.Started).ShouldBe(101);
        phases.IndexOf(IncidentPhase.Ended).ShouldBe(121);
        phases.Count(p => p == IncidentPhase.Started).ShouldBeLessThanOrEqualTo(3);
    }

    [Fact]
    public void Largest_excursion_is_forgotten_by_half_in_the_half_life()
    {
        var options = new AlertGateOptions { WarmUpReadings = 10, Margin = 1, HalfLife = TimeSpan.FromDays(1) };
        var gate = new AlertGate(options);
        var state = new byte[gate.StateBytes];
        for (var i = 0; i < 100; i++)
        {
            gate.Update(state, Calm, i == 50 ? 100 : 0, i);
        }

        var copy = state.ToArray();
        gate.Update(state, Alarm, 70, 1000).Phase.ShouldBe(IncidentPhase.None);
        gate.Update(copy, Alarm, 70, (long)TimeSpan.FromDays(1).TotalMicroseconds).Phase.ShouldBe(IncidentPhase.Started);
    }

    [Fact]
    public void No_value_and_no_time_breaks_a_gate()
    {
        var values = Gen.Elements(
            0, 1, -1, 1e308, -1e308, 5e-324, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 20.5);
        var steps =
            from value in values
            from micros in Gen.Elements(0L, 1, -1, long.MaxValue, long.MinValue, Step)
            from alarm in Gen.Elements(true, false)
            select (Value: value, Micros: micros, Alarm: alarm);
        Prop.ForAll(Gen.ArrayOf(steps, 300).ToArbitrary(), list =>
        {
            var gate = new AlertGate(new AlertGateOptions { WarmUpReadings = 5, HoldReadings = 2 });
            var state = new byte[gate.StateBytes];
            var open = false;
            foreach (var (value, micros, alarm) in list)
            {
                var incident = gate.Update(state, alarm ? Alarm : Calm, value, micros);
                var legal = incident.Phase switch
                {
                    IncidentPhase.Started or IncidentPhase.None => !open,
                    _ => open,
                };
                legal.ShouldBeTrue();
                open = incident.Phase is IncidentPhase.Started or IncidentPhase.Ongoing;
                double.IsNaN(incident.Usual).ShouldBeFalse();
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void Gated_detector_goes_on_from_copied_bytes()
    {
        var values = SensorSignals.Make("states", 1, 5000);
        foreach (var detector in DetectorDefaults.Create())
        {
            var whole = TestSeries.Run(detector, values);
            var state = TestSeries.New(detector);
            for (var i = 0; i < values.Length; i++)
            {
                state = i % 100 == 0 ? state.ToArray() : state;
                detector.Update(state, values[i], i).ShouldBe(whole[i]);
            }
        }
    }

    private static List<(int At, Incident Incident)> Run(GatedDetector detector, double[] values)
    {
        var state = TestSeries.New(detector);
        var incidents = new List<(int, Incident)>();
        for (var i = 0; i < values.Length; i++)
        {
            detector.Update(state, values[i], i * Step, out var incident);
            if (incident.Phase != IncidentPhase.None)
            {
                incidents.Add((i, incident));
            }
        }

        return incidents;
    }
}
