using System.Globalization;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.Typed;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Detectors;

/// <summary>Small series that detectors once got wrong, a value every 30 seconds, and the right outcome. Each stands for its kind.</summary>
public sealed class CaseSeriesTests
{
    private const long Start = 1_777_896_000_000_000;
    private const long IntervalMicros = 30_000_000;

    private static readonly TypedDetector Detector = new(new TypedOptions());

    [Fact]
    public void Junk_at_power_on_raises_nothing_and_hides_nothing() =>
        Found(Read("power-on")).ShouldBe([(549, FindingKind.Spike)]);

    [Fact]
    public void Machine_with_three_levels_raises_one_finding_at_most_while_it_shows_them_and_none_after()
    {
        var found = Found(Read("levels-clean"));

        found.Count(f => f.At < 1500).ShouldBeLessThanOrEqualTo(1, Text(found));
        found.Count(f => f.At >= 1500).ShouldBe(0, Text(found));
    }

    [Fact]
    public void Reading_between_the_levels_of_a_machine_is_found()
    {
        var values = Read("levels-clean");
        values[5200] = 1.9;

        Found(values).Where(f => f.At >= 1500).ShouldHaveSingleItem().At.ShouldBeInRange(5200, 5201);
    }

    [Fact]
    public void Frozen_value_is_found_while_it_is_frozen_and_nothing_else_is() =>
        Found(Read("stuck")).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            found => found.At.ShouldBeInRange(3000, 3039),
            found => found.Kind.ShouldBe(FindingKind.StuckAt));

    private static (int At, FindingKind Kind)[] Found(double[] values)
    {
        var state = TestSeries.New(Detector);
        return
        [
            .. values.Select((value, at) => (at, Verdict: Detector.Watch(state, value, Start + (at * IntervalMicros), null)))
                .Where(seen => seen.Verdict.Phase == FindingPhase.Opened).Select(seen => (seen.at, seen.Verdict.Kind)),
        ];
    }

    private static string Text((int At, FindingKind Kind)[] found) => string.Join(", ", found.Select(f => $"{f.Kind} at {f.At}"));

    private static double[] Read(string name) =>
    [
        .. File.ReadLines(Path.Combine(Repository.Root, "tests", "Telemetry.Tests", "Detectors", "Cases", name + ".csv")).Skip(1)
            .Select(line => double.Parse(line[(line.IndexOf(',') + 1)..], CultureInfo.InvariantCulture)),
    ];
}
