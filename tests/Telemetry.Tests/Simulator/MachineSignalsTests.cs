using Telemetry.Simulator.Faults;
using Telemetry.Simulator.Signals;

namespace Telemetry.Tests.Simulator;

public class MachineSignalsTests
{
    private const long Start = 1_777_896_000_000_000;
    private const long Day = 86_400_000_000;

    private static readonly SensorKind[] Kinds = Enum.GetValues<SensorKind>();

    [Fact]
    public void The_same_seed_gives_the_same_values_and_another_one_others()
    {
        Series(1, 7).ShouldBe(Series(1, 7));
        Series(1, 7).ShouldNotBe(Series(2, 7));
        Series(1, 7).ShouldNotBe(Series(1, 8));
    }

    [Fact]
    public void Values_are_finite_and_in_the_range_of_their_kind()
    {
        for (var device = 0; device < 50; device++)
        {
            var signals = new MachineSignals(3, device);
            for (var i = 0; i < 500; i++)
            {
                foreach (var kind in Kinds)
                {
                    var value = signals.Next(kind, Start + (i * 32_000_000L));
                    var (low, high) = kind switch
                    {
                        SensorKind.Temperature => (14.0, 32.0),
                        SensorKind.BearingTemperature => (30.0, 65.0),
                        SensorKind.Pressure => (50.0, 160.0),
                        SensorKind.Vibration => (0.1, 4.0),
                        SensorKind.Humidity => (0.0, 100.0),
                        SensorKind.Power => (0.0, 21.0),
                        SensorKind.Pieces => (0.0, 1e7),
                        SensorKind.Flow => (0.0, 25.0),
                        _ => (0.0, 1.0),
                    };
                    value.ShouldBeInRange(low, high, kind.ToString());
                }
            }
        }
    }

    [Fact]
    public void Temperature_has_a_daily_cycle_in_steps_of_a_tenth()
    {
        var signals = new MachineSignals(1, 1);
        var day = Enumerable.Range(0, 24).Select(hour => signals.Next(SensorKind.Temperature, Start + (hour * Day / 24))).ToArray();
        (day.Max() - day.Min()).ShouldBeGreaterThan(3);
        day.ShouldAllBe(value => Math.Abs((value * 10) - Math.Round(value * 10)) < 1e-6);
    }

    [Fact]
    public void The_counter_never_goes_back_and_power_has_levels()
    {
        var signals = new MachineSignals(1, 2);
        var pieces = Enumerable.Range(0, 2_000).Select(i => signals.Next(SensorKind.Pieces, Start + (i * 30_000_000L))).ToArray();
        pieces.ShouldBe(pieces.Order());
        pieces[^1].ShouldBeGreaterThan(pieces[0]);
        var power = Enumerable.Range(0, 2_000).Select(i => signals.Next(SensorKind.Power, Start + (i * 30_000_000L))).ToArray();
        power.Select(p => Math.Round(p / 4)).Distinct().Count().ShouldBeInRange(2, 6);
    }

    [Fact]
    public void A_simulator_that_starts_again_goes_on_counting()
    {
        for (var device = 0; device < 20; device++)
        {
            var first = new MachineSignals(1, device);
            var pieces = Enumerable.Range(0, 1_000).Select(i => first.Next(SensorKind.Pieces, Start + (i * 3_600_000L))).ToList();
            var again = new MachineSignals(1, device);
            pieces.AddRange(Enumerable.Range(1_000, 1_000).Select(i => again.Next(SensorKind.Pieces, Start + (i * 3_600_000L))));
            pieces.ShouldBe(pieces.Order());
            pieces.Zip(pieces.Skip(1), (a, b) => b - a).Max().ShouldBeLessThanOrEqualTo(2, "0.4 a second, a reading every 3.6 s");
            (pieces[^1] - pieces[0]).ShouldBe(0.4 * 0.56 * 7_200, 0.4 * 7_200 * 0.3, "0.56 of full load in the mean");
        }
    }

    [Fact]
    public void Hashes_are_spread_evenly()
    {
        var units = Enumerable.Range(0, 100_000).Select(i => SeededHash.Unit(5, (ulong)i, 2)).ToArray();
        units.Average().ShouldBe(0.5, 0.005);
        units.Count(u => u < 0.001).ShouldBeInRange(60, 140);
        var normals = Enumerable.Range(0, 100_000).Select(i => SeededHash.Normal(5, (ulong)i)).ToArray();
        normals.Average().ShouldBe(0, 0.02);
        normals.Average(z => z * z).ShouldBe(1, 0.03);
    }

    [Fact]
    public void Fault_plans_repeat_by_seed_and_faults_never_overlap()
    {
        var faults = Faults(1, 3, 2_000).ToList();
        faults.ShouldBe(Faults(1, 3, 2_000));
        faults.ShouldNotBe(Faults(2, 3, 2_000));
        faults.Zip(faults.Skip(1)).ShouldAllBe(pair => pair.First.EndUs < pair.Second.StartUs);
        faults.ShouldAllBe(fault => fault.StartUs < fault.EndUs);
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            faults.Count(fault => fault.Kind == kind).ShouldBeInRange(250, 420);
        }

        // Ten a day, plus the time the faults themselves take.
        ((faults[^1].StartUs - Start) / (double)Day).ShouldBeInRange(190, 260);
    }

    [Fact]
    public void Without_a_fault_rate_there_is_none() =>
        new FaultPlan(1, 1, Start, 0, TimeSpan.FromSeconds(30)).Current.StartUs.ShouldBe(long.MaxValue);

    private static IEnumerable<Fault> Faults(ulong seed, int device, int count)
    {
        var plan = new FaultPlan(seed, device, Start, 10, TimeSpan.FromSeconds(3));
        for (var i = 0; i < count; i++)
        {
            yield return plan.Current;
            plan.End();
        }
    }

    private static List<double> Series(ulong seed, int device)
    {
        var signals = new MachineSignals(seed, device);
        return [.. Enumerable.Range(0, 300).SelectMany(i => Kinds.Select(kind => signals.Next(kind, Start + (i * 10_000_000L))))];
    }
}
