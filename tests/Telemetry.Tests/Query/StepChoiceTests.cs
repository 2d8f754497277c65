using FsCheck;
using FsCheck.Fluent;
using Telemetry.Query.Parameters;
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
            var aligned = new TimeRange(c.start, c.start + c.range).Align(step);
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

        StepChoice.Source(step, new TimeRange(0, seconds * Step.Second), default).ShouldBe((step, Named(source)));
    }

    [Theory]
    [InlineData(5 * Step.Second, 400, 5 * Step.Second, "raw")]
    [InlineData(5 * Step.Second, 500, Step.Hour, "1h")]
    [InlineData(5 * Step.Minute, 10, 5 * Step.Minute, "1m")]
    [InlineData(5 * Step.Minute, 100, 5 * Step.Minute, "raw")]
    [InlineData(5 * Step.Minute, 500, Step.Hour, "1h")]
    [InlineData(90 * Step.Minute, 500, 2 * Step.Hour, "1h")]
    [InlineData(5 * Step.Hour, 500, 5 * Step.Hour, "1h")]
    [InlineData(Step.Day, 500, Step.Day, "1d")]
    public void A_range_older_than_a_table_is_kept_is_read_from_one_that_still_has_it(long asked, int daysAgo, long bucket, string source)
    {
        const long now = 1000 * Step.Day;
        var held = new HeldSince(Raw: now - (450 * Step.Day), Minute: now - (90 * Step.Day), Hour: 0, Day: 0);
        var from = now - (daysAgo * Step.Day);

        StepChoice.Source(asked, new TimeRange(from, from + Step.Hour), held).ShouldBe((bucket, Named(source)));
    }

    [Fact]
    public void When_no_table_has_all_of_it_the_one_that_reaches_back_furthest_is_read()
    {
        var held = new HeldSince(Raw: 900, Minute: 800, Hour: 500, Day: 500);

        StepChoice.Source(Step.Second, new TimeRange(0, Step.Day), held).ShouldBe((Step.Hour, SeriesSource.Hour));
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

    private static SeriesSource Named(string name) => Enum.GetValues<SeriesSource>().Single(source => source.Name() == name);
}
