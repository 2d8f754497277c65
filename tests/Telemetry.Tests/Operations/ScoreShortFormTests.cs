using System.Globalization;
using Telemetry.Operations.Scoring;
using Telemetry.Simulator.Machines;
using Telemetry.Simulator.Options;

namespace Telemetry.Tests.Operations;

/// <summary>
/// The short form of <c>telemetry score</c>: fleets of a fixed seed through the pipeline. Each bound is four points (of false alarms: two device-days'
/// worth) behind what was measured, so a loss of five points fails here. docs/detectors.md has the long form.
/// </summary>
public sealed class ScoreShortFormTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Plain_fleet_is_judged_as_well_as_it_was()
    {
        var report = await ScoreAsync(Realism.Plain);

        report.Totals.AnalogPrecision!.Value.ShouldBeGreaterThan(0.955);
        report.Totals.AnalogRecall!.Value.ShouldBeGreaterThan(0.882);
        Recall(report, "spike").ShouldBeGreaterThan(0.87);
        Recall(report, "level-shift").ShouldBeGreaterThan(0.858);
        Recall(report, "drift").ShouldBeGreaterThan(0.864);
        Recall(report, "stuck-at").ShouldBeGreaterThan(0.9);
        Recall(report, "noise-burst").ShouldBeGreaterThan(0.9);
        Recall(report, "dropout").ShouldBeGreaterThan(0.95);
        report.ByKind.Single(k => k.Name == "dropout").MedianDelayIntervals!.Value.ShouldBeLessThanOrEqualTo(6);
        report.Totals.CleanAlarmsPerDeviceDay!.Value.ShouldBeLessThan(0.07);
    }

    [Fact]
    public async Task Hard_fleet_is_judged_as_well_as_it_was()
    {
        var report = await ScoreAsync(Realism.Hard);

        report.Totals.AnalogPrecision!.Value.ShouldBeGreaterThan(0.31);
        report.Totals.AnalogRecall!.Value.ShouldBeGreaterThan(0.809);
        report.Totals.CleanAlarmsPerDeviceDay!.Value.ShouldBeLessThan(4.6);
    }

    private async Task<ScoreReport> ScoreAsync(Realism realism)
    {
        var report = await FleetRun.RunAsync(
            new FleetRunOptions
            {
                Fleet = new FleetPlan { Seed = 500, Devices = 24, Span = TimeSpan.FromDays(4), Realism = realism },
                CleanDevices = 12,
                DevicesPerPartition = 6,
            },
            null,
            TestContext.Current.CancellationToken);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{realism}: precision {report.Totals.AnalogPrecision:F3}, recall {report.Totals.AnalogRecall:F3}, false alarms a fault-free device-day "
            + $"{report.Totals.CleanAlarmsPerDeviceDay:F3}, {report.Readings} readings in {report.Seconds:F0} s"));
        output.WriteLine(string.Join("  ", report.ByKind.Select(k => string.Create(CultureInfo.InvariantCulture, $"{k.Name} {k.Found}/{k.Faults}"))));
        output.WriteLine(string.Join("  ", report.ByDay.Select(k => string.Create(CultureInfo.InvariantCulture, $"day {k.Name} {k.Found}/{k.Faults}"))));
        return report;
    }

    private static double Recall(ScoreReport report, string kind) => report.ByKind.Single(k => k.Name == kind).Recall!.Value;
}
