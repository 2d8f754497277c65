using System.Globalization;
using Telemetry.Evaluation.Events;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.Typed;
using Telemetry.Simulator.Machines;

namespace Telemetry.Tests.Detectors;

/// <summary>
/// The default set on the simulator's fleet, event by event: short, with thresholds that catch a loss of five points. The long form has more
/// devices and days (<c>TELEMETRY_FLEET_DEVICES</c>, <c>TELEMETRY_FLEET_DAYS</c>, <c>TELEMETRY_FLEET_SEED</c>; of the fast fleet
/// <c>TELEMETRY_FAST_DEVICES</c>, <c>TELEMETRY_FAST_HOURS</c>); docs/detectors.md has its table.
/// </summary>
public sealed class DefaultSetFleetTests(ITestOutputHelper output)
{
    private static readonly int Devices = Setting("TELEMETRY_FLEET_DEVICES", 16);
    private static readonly int Days = Setting("TELEMETRY_FLEET_DAYS", 5);
    private static readonly int Seed = Setting("TELEMETRY_FLEET_SEED", 606);
    private static readonly int FastDevices = Setting("TELEMETRY_FAST_DEVICES", 12);
    private static readonly int FastHours = Setting("TELEMETRY_FAST_HOURS", 1);

    private readonly TypedDetector _detector = new(new TypedOptions());

    [Fact]
    public void Most_faults_of_the_fleet_are_found_and_few_alarms_are_false()
    {
        var plan = new FleetPlan { Seed = (ulong)Seed, Devices = Devices, Span = TimeSpan.FromDays(Days) };
        var (all, analog) = (new EventScore(new MatchRules()), new EventScore(new MatchRules()));
        for (var device = 0; device < Devices; device++)
        {
            Play(plan, device, all, analog);
        }

        var deviceDays = (double)Devices * Days;
        output.WriteLine(Text($"analog: precision {analog.Precision:F3} recall {analog.Recall:F3} of {analog.All.Faults}; all channels: {all.FalseAlarms / deviceDays:F3} false alarms a device-day"));
        Write("kind", analog.ByKind);
        Write("sensor", all.BySensor);
        Write("magnitude", analog.ByMagnitude);
        Write("day", analog.ByDay);
        output.WriteLine("false: " + string.Join("  ", all.FalseBySensor.Select(f => $"{f.Key} {f.Value}")));

        analog.Precision.ShouldBeGreaterThan(0.90);
        analog.Recall.ShouldBeGreaterThan(0.80);
        (all.FalseAlarms / deviceDays).ShouldBeLessThan(0.15);
    }

    [Fact]
    public void Fast_fleet_without_faults_is_quiet_in_its_first_hour_and_after_its_first_day()
    {
        var ages = FastAges(FastDevices, FastHours);
        var later = FastDevices * Math.Max(0, (FastHours / 24.0) - 1);

        // Two a device-day in the first hour would be one of twelve devices; then one in twenty device-days.
        ages.Count(age => age < 1).ShouldBeLessThanOrEqualTo((FastDevices + 11) / 12);
        ages.Count(age => age >= 24).ShouldBeLessThanOrEqualTo((int)Math.Ceiling(0.05 * later));
    }

    /// <summary>Machines idle twice as long as they usually do now and then, and cool further meanwhile: neither is a fault.</summary>
    [Fact]
    public void Fast_machines_that_idle_longer_than_usual_raise_nothing_in_their_second_day() =>
        FastAges(devices: 2, hours: 30).Count(age => age >= 24).ShouldBe(0);

    /// <summary>Ages in hours of the fast fleet without faults at which something was raised.</summary>
    private List<double> FastAges(int devices, int hours)
    {
        var plan = new FleetPlan
        {
            Seed = (ulong)Seed,
            Devices = devices,
            Span = TimeSpan.FromHours(hours),
            ReadingInterval = TimeSpan.FromSeconds(1 / 28.0),
            FaultsPerDeviceDay = 0,
        };
        var start = plan.Start.ToUnixTimeMilliseconds() * 1000;
        var raised = Enumerable.Range(0, devices).SelectMany(device => Raised(plan, device)).SelectMany(of => of.Alarms
            .Select(alarm => (Sensor: FleetPlan.SensorNames[of.Sensor], alarm.Kind, Hours: (alarm.TimeMicros - start) / 3600e6))).ToList();
        var ages = raised.ConvertAll(alarm => alarm.Hours);
        var later = devices * Math.Max(0, (hours / 24.0) - 1);
        output.WriteLine(Text(
            $"{ages.Count(age => age < 1)} alarms in {devices} first hours, {ages.Count(age => age is >= 1 and < 24)} in the rest of the first day, {ages.Count(age => age >= 24)} in {later:F1} device-days after it"));
        output.WriteLine(string.Join("  ", raised.Select(a => Text($"{a.Sensor} {a.Kind} at {a.Hours:F2} h"))));
        return ages;
    }

    private void Play(FleetPlan plan, int device, EventScore all, EventScore analog)
    {
        var start = plan.Start.ToUnixTimeMilliseconds() * 1000;
        foreach (var (sensor, faults, alarms) in Raised(plan, device))
        {
            var name = FleetPlan.SensorNames[sensor];
            var interval = (long)(plan.ReadingInterval.TotalMicroseconds * FleetPlan.ReadingsBetween(sensor));
            all.Add(name, start, interval, faults, alarms);
            if (FleetPlan.IsAnalog(sensor))
            {
                analog.Add(name, start, interval, faults, alarms);
            }
        }
    }

    /// <summary>Of each sensor of a device the faults that were played, and what was raised.</summary>
    private List<(int Sensor, FaultLabel[] Faults, List<RaisedAlarm> Alarms)> Raised(FleetPlan plan, int device)
    {
        var trace = plan.Play(device);
        var sensors = FleetPlan.SensorNames.Count;
        var states = Enumerable.Range(0, sensors).Select(_ => TestSeries.New(_detector)).ToArray();
        var alarms = Enumerable.Range(0, sensors).Select(_ => new List<RaisedAlarm>()).ToArray();
        while (trace.TryNext(out var reading))
        {
            var state = states[reading.Sensor];
            var verdict = _detector.Watch(state, reading.Value, reading.EventTimeUs, null);
            if (verdict.Phase == FindingPhase.Opened)
            {
                var finding = _detector.Describe(state);
                alarms[reading.Sensor].Add(new RaisedAlarm(reading.EventTimeUs, finding.Kind.ToString(), finding.Score));
            }
        }

        return
        [
            .. Enumerable.Range(0, sensors).Select(sensor => (
                sensor,
                (FaultLabel[])
                [
                    .. trace.Labels.Where(l => l.IsFault && l.Kind != "dropout" && l.Sensors.Contains(FleetPlan.SensorNames[sensor]))
                        .Select(l => new FaultLabel(l.Kind, l.StartUs, l.Kind == "spike" ? l.StartUs : l.EndUs, l.Size)),
                ],
                alarms[sensor])),
        ];
    }

    private void Write<TKey>(string what, IReadOnlyDictionary<TKey, Tally> tallies) => output.WriteLine(what + ": " + string.Join(
        "  ", tallies.Select(t => Text($"{t.Key} {t.Value.Recall:F2} ({t.Value.Faults}, after {t.Value.MedianDelaySeconds:F0} s)"))));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static int Setting(string name, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : usual;
}
