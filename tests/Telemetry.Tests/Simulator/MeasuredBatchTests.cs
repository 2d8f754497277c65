using Telemetry.Simulator.Devices;
using Telemetry.Simulator.Faults;
using Telemetry.Simulator.Machines;

namespace Telemetry.Tests.Simulator;

public sealed class MeasuredBatchTests
{
    [Fact]
    public void Batches_of_half_an_hour_leave_out_the_readings_of_a_silence_and_no_others()
    {
        const int readings = 500;
        const long spacing = 3_600_000;
        var plan = new FleetPlan { Seed = 3, FaultsPerDeviceDay = 100 };
        var start = plan.Start.ToUnixTimeMilliseconds() * 1000;
        var labels = new Dropouts();
        var machine = new Machine(plan.MachinePlan, 0, "press-00000", labels);
        var batch = new MeasuredBatch(readings);
        var (times, lastUs, sent) = (new List<long>(), 0L, 0UL);
        for (var window = 1; window <= 48; window++)
        {
            var left = readings;
            while (batch.Measure(machine, sent * readings, start + (window * readings * spacing), spacing, ref left, ref lastUs))
            {
                batch.Readings.Length.ShouldBe(readings);
                times.AddRange(batch.Readings.ToArray().Select(r => r.TimeUs));
                batch.Clear();
                sent++;
            }
        }

        times.AddRange(batch.Readings.ToArray().Select(r => r.TimeUs));
        labels.Spans.Count.ShouldBeGreaterThan(3);
        var expected = Enumerable.Range(1, 48 * readings).Select(i => start + (i * spacing)).Where(t => !labels.Spans.Exists(s => t >= s.StartUs && t < s.EndUs));
        times.ShouldBe(expected);
        (times.Count / readings).ShouldBe((int)sent);
    }

    private sealed class Dropouts : ILabels
    {
        public List<(long StartUs, long EndUs)> Spans { get; } = [];

        public void Fault(string device, in Fault fault, long firstReadingUs)
        {
            if (fault.Kind == FaultKind.Dropout)
            {
                Spans.Add((firstReadingUs, fault.EndUs));
            }
        }

        public void Condition(string device, in Condition condition) => throw new InvalidOperationException("A plain machine has none.");
    }
}
