using System.Globalization;
using Telemetry.Evaluation.Events;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.Typed;
using Telemetry.Simulator.Machines;

namespace Telemetry.Tests.Detectors;

/// <summary>
/// The default set on the simulator's fleet, event by event: short, with thresholds that catch a loss of five points. The long form has more
/// devices and days (<c>TELEMETRY_FLEET_DEVICES</c>, <c>TELEMETRY_FLEET_DAYS</c>, <c>TELEMETRY_FLEET_SEED</c>); docs/detectors.md has its table.
/// </summary>
public sealed class DefaultSetFleetTests(ITestOutputHelper output)
{
    private static readonly int Devices = Setting("TELEMETRY_FLEET_DEVICES", 16);
    private static readonly int Days = Setting("TELEMETRY_FLEET_DAYS", 5);
    private static readonly int Seed = Setting("TELEMETRY_FLEET_SEED", 606);

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
    public void Fast_fleet_without_faults_is_quiet_in_its_first_hour()
    {
        var plan = new FleetPlan
        {
            Seed = (ulong)Seed,
            Devices = 12,
            Span = TimeSpan.FromHours(1),
            ReadingInterval = TimeSpan.FromSeconds(1 / 28.0),
            FaultsPerDeviceDay = 0,
        };
        var all = new EventScore(new MatchRules());
        for (var device = 0; device < plan.Devices; device++)
        {
            Play(plan, device, all, new EventScore(new MatchRules()));
        }

        output.WriteLine(Text($"{all.FalseAlarms} in 12 device-hours"));

        // Two a device-day in the first hour would be one here.
        all.FalseAlarms.ShouldBeLessThanOrEqualTo(1);
    }

    private void Play(FleetPlan plan, int device, EventScore all, EventScore analog)
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

        var start = plan.Start.ToUnixTimeMilliseconds() * 1000;
        for (var sensor = 0; sensor < sensors; sensor++)
        {
            var name = FleetPlan.SensorNames[sensor];
            FaultLabel[] faults =
            [
                .. trace.Labels.Where(l => l.IsFault && l.Kind != "dropout" && l.Sensors.Contains(name))
                    .Select(l => new FaultLabel(l.Kind, l.StartUs, l.Kind == "spike" ? l.StartUs : l.EndUs, l.Size)),
            ];
            var interval = (long)(plan.ReadingInterval.TotalMicroseconds * FleetPlan.ReadingsBetween(sensor));
            all.Add(name, start, interval, faults, alarms[sensor]);
            if (FleetPlan.IsAnalog(sensor))
            {
                analog.Add(name, start, interval, faults, alarms[sensor]);
            }
        }
    }

    private void Write<TKey>(string what, IReadOnlyDictionary<TKey, Tally> tallies) => output.WriteLine(what + ": " + string.Join(
        "  ", tallies.Select(t => Text($"{t.Key} {t.Value.Recall:F2} ({t.Value.Faults}, after {t.Value.MedianDelaySeconds:F0} s)"))));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static int Setting(string name, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : usual;
}
