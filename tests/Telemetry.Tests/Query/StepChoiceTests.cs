using FsCheck;
using FsCheck.Fluent;
using Telemetry.Query.Series;

namespace Telemetry.Tests.Query;

public sealed class StepChoiceTests
{
    [Fact]
    public void Aligned_range_never_has_more_buckets_than_points()
    {
        var cases =
            from range in Gen.Choose(1, int.MaxValue).Select(ms => ms * 20_000L)
            from start in Gen.Choose(0, int.MaxValue).Select(s => s * 999_983L)
            from points in Gen.Choose(2, 5000)
            select (range, start, points);

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var step = StepChoice.Bucket(c.range, c.points);
            var aligned = new Telemetry.Query.Parameters.TimeRange(c.start, c.start + c.range).Align(step);
            (aligned.Length / step).ShouldBeLessThanOrEqualTo(Math.Max(2, c.points));
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(60, "raw")]
    [InlineData(3600, "raw")]
    [InlineData(24 * 3600, "1m")]
    [InlineData(30 * 24 * 3600, "1h")]
    [InlineData(1500L * 24 * 3600, "1d")]
    public void Range_of_a_thousand_points_is_read_from_the_coarsest_table_that_fits(long seconds, string source)
    {
        var step = StepChoice.Bucket(seconds * Step.Second, 1000);

        StepChoice.Source(step, from: 0, minuteSince: 0).Name().ShouldBe(source);
    }

    [Fact]
    public void Minutes_older_than_their_rollup_is_kept_come_from_raw()
    {
        StepChoice.Source(5 * Step.Minute, from: 100, minuteSince: 100).ShouldBe(SeriesSource.Minute);
        StepChoice.Source(5 * Step.Minute, from: 99, minuteSince: 100).ShouldBe(SeriesSource.Raw);
        StepChoice.Source(5 * Step.Hour, from: 99, minuteSince: 100).ShouldBe(SeriesSource.Hour);
    }

    [Theory]
    [InlineData("auto", StepKind.Auto, 0)]
    [InlineData("raw", StepKind.Raw, 0)]
    [InlineData("1m", StepKind.Fixed, 60)]
    [InlineData("1h", StepKind.Fixed, 3600)]
    [InlineData("PT15M", StepKind.Fixed, 900)]
    internal void Step_is_read(string text, StepKind kind, int seconds)
    {
        Step.TryParse(text, out var step).ShouldBeTrue();
        step.ShouldBe(new Step(kind, seconds * Step.Second));
    }

    [Theory]
    [InlineData("Auto")]
    [InlineData("0s")]
    [InlineData("PT0.0001S")]
    [InlineData("400d")]
    [InlineData("1 hour")]
    public void Step_that_is_none_is_refused(string text) => Step.TryParse(text, out _).ShouldBeFalse();
}
