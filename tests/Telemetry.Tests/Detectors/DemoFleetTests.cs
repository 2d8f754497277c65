using Telemetry.Processing.Detectors.MlNet;
using Telemetry.Simulator.Faults;
using Telemetry.Simulator.Signals;

namespace Telemetry.Tests.Detectors;

/// <summary>
/// What somebody sees who starts the fleet of the simulator: anomalies marked within the first minutes, and most of them
/// true. One reading of a device every 3.6 s, as 10,000 devices at ten million readings an hour give.
/// </summary>
public sealed class DemoFleetTests(ITestOutputHelper output)
{
    private const long Start = 1_777_896_000_000_000;
    private const long Interval = 3_600_000;

    private static readonly int Devices =
        int.TryParse(Environment.GetEnvironmentVariable("TELEMETRY_DEMO_DEVICES"), out var devices) ? devices : 1500;

    private static readonly double Hours =
        double.TryParse(Environment.GetEnvironmentVariable("TELEMETRY_DEMO_HOURS"), out var hours) ? hours : 0.5;

    [Fact]
    public void First_minutes_of_a_fleet_show_faults_and_few_false_alarms()
    {
        var seen = Watch(faultsPerDay: 20);
        foreach (var bucket in seen.GroupBy(x => x.Minute / 6).OrderBy(g => g.Key))
        {
            output.WriteLine(
                $"{bucket.Key * 6}+ min: true {bucket.Count(x => x.True)}, false {bucket.Count(x => !x.True)}: "
                + string.Join(", ", bucket.GroupBy(x => (x.Sensor, x.Detector, x.True)).Select(g => $"{g.Key} {g.Count()}")));
        }

        // As many faults as ten thousand devices with three a day have between them.
        seen.Count(x => x.True && x.Minute < 10).ShouldBeGreaterThan(8);
        seen.Count(x => !x.True).ShouldBeLessThan(seen.Count(x => x.True) / 4);
    }

    private static List<(int Minute, string Sensor, int Detector, bool True)> Watch(double faultsPerDay)
    {
        var seen = new List<(int, string, int, bool)>();
        var count = (int)(Hours * 3600e6 / Interval);
        for (var device = 0; device < Devices; device++)
        {
            var detectors = DetectorDefaults.Create();
            var states = Enumerable.Range(0, SensorKinds.Count).Select(_ => Array.ConvertAll(detectors, TestSeries.New)).ToArray();
            var plan = new FaultPlan(1, device, Start, faultsPerDay, TimeSpan.FromMicroseconds(Interval));
            var faulty = new FaultySignals(new MachineSignals(1, device), plan, null, "d");
            var clean = new MachineSignals(1, device);
            var round = new SensorRound(1, device);
            var lastFault = new int[SensorKinds.Count];
            Array.Fill(lastFault, int.MinValue / 2);
            var n = 0;
            for (var i = 0; i < count; i++)
            {
                var time = Start + (i * Interval);
                if (faulty.IsSilent(time))
                {
                    continue;
                }

                var kind = round.At((ulong)n++);
                var value = faulty.Next(kind, time);
                lastFault[(int)kind] = value != clean.Next(kind, time) ? i : lastFault[(int)kind];
                for (var d = 0; d < detectors.Length; d++)
                {
                    if (detectors[d].Update(states[(int)kind][d], value, time).Alert)
                    {
                        // A change is still true some readings after it.
                        var near = i - lastFault[(int)kind] <= 5 * SensorRound.PlacesBetween(kind);
                        seen.Add(((int)(i * Interval / 60_000_000), SensorKinds.Name(kind), d, near));
                    }
                }
            }
        }

        return seen;
    }
}
