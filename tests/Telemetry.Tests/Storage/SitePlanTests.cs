using Telemetry.Storage.Sizes;

namespace Telemetry.Tests.Storage;

public sealed class SitePlanTests
{
    private static readonly SitePlan Mission = new(
        10_000, 9, TimeSpan.FromSeconds(32.4), DataKind.Jitter, TimeSpan.FromDays(730), TimeSpan.FromDays(730), TimeSpan.FromDays(90));

    [Fact]
    public void Rows_follow_from_interval_retention_and_buckets()
    {
        var plan = Mission.Work();

        plan.ReadingsPerDay.ShouldBe(240e6, 1);
        plan.Tables.Select(t => (t.Table, Math.Round(t.Rows))).ShouldBe(
        [
            ("readings", 175.2e9), ("readings_1m", 90_000 * 1440.0 * (90 + 31)), ("readings_1h", 90_000 * 24.0 * 730), ("readings_1d", 90_000 * 730.0),
        ]);
        plan.Bytes.ShouldBe(plan.Tables.Sum(t => t.Rows * t.BytesPerRow), 1);
        plan.BytesPerReading.ShouldBe(plan.Bytes / 175.2e9, 1e-9);
    }

    [Fact]
    public void Bucket_without_a_reading_has_no_row()
    {
        var plan = (Mission with { Interval = TimeSpan.FromHours(2) }).Work();

        Math.Round(plan.Tables[1].Rows).ShouldBe(90_000 * 12.0 * (90 + 31));
        Math.Round(plan.Tables[2].Rows).ShouldBe(90_000 * 12.0 * 730);
    }

    [Fact]
    public void Store_without_minutes_has_no_rows_of_them_and_room_for_more_days()
    {
        var plan = (Mission with { MinuteRetention = TimeSpan.Zero }).Work(250e9);

        plan.Tables[1].Rows.ShouldBe(0);
        plan.DaysThatFit.ShouldNotBeNull().ShouldBeGreaterThan(Mission.Work(250e9).DaysThatFit!.Value);
    }

    [Fact]
    public void Nothing_is_kept_longer_than_planned_for()
    {
        var plan = (Mission with { Span = TimeSpan.FromDays(30) }).Work();

        plan.Tables.ShouldAllBe(t => t.KeptDays == 30);
    }

    [Theory]
    [InlineData(20e9)]
    [InlineData(250e9)]
    [InlineData(4e12)]
    public void Days_that_fit_fill_nine_tenths_of_the_disk(double disk)
    {
        var days = Mission.Work(disk).DaysThatFit.ShouldNotBeNull();

        (Mission with { Span = TimeSpan.FromDays(days), RawRetention = TimeSpan.FromDays(100_000) }).Work().Bytes.ShouldBe(disk * 0.9, disk / 1000);
    }

    [Theory]
    [InlineData(DataKind.Regular)]
    [InlineData(DataKind.Jitter)]
    [InlineData(DataKind.Bursts)]
    [InlineData(DataKind.States)]
    public void Every_kind_has_measured_figures(DataKind kind) => (Mission with { Kind = kind }).Work().Tables.ShouldAllBe(t => t.BytesPerRow > 0);
}
