using Telemetry.Query.Alarms;

namespace Telemetry.Tests.Alarms;

/// <summary>Floods as EEMUA 191 counts them: more than ten in ten minutes, until there are fewer than five.</summary>
public sealed class AlarmStatisticsTests
{
    private const long Minute = 60_000_000;

    [Fact]
    public void Ten_in_ten_minutes_are_no_flood_and_eleven_are_one()
    {
        AlarmStatistics.Floods([(0, 5), (5 * Minute, 5)]).Floods.ShouldBeEmpty();
        var (floods, peak) = AlarmStatistics.Floods([(0, 5), (5 * Minute, 6)]);
        floods.ShouldHaveSingleItem().ShouldBe(new AlarmFlood(0, 6 * Minute, 11, 11));
        peak.ShouldBe(11);
    }

    [Fact]
    public void Minutes_further_apart_than_the_window_do_not_add_up() =>
        AlarmStatistics.Floods([(0, 9), (10 * Minute, 9), (20 * Minute, 9)]).ShouldSatisfyAllConditions(
            result => result.Floods.ShouldBeEmpty(), result => result.Peak.ShouldBe(9));

    [Fact]
    public void A_flood_goes_on_until_fewer_than_five_are_left_in_the_window_and_a_new_one_begins_apart()
    {
        (long, long)[] minutes = [(0, 12), (8 * Minute, 5), (16 * Minute, 5), (60 * Minute, 20)];
        var (floods, peak) = AlarmStatistics.Floods(minutes);
        floods.Select(f => (f.StartUs / Minute, f.EndUs / Minute, f.Alarms, f.Peak)).ShouldBe([(0, 17, 22, 17), (60, 61, 20, 20)]);
        peak.ShouldBe(20);
    }

    [Theory]
    [InlineData(0.5, "acceptable")]
    [InlineData(2, "manageable")]
    [InlineData(4, "demanding")]
    [InlineData(9, "overloaded")]
    [InlineData(11, "unacceptable")]
    public void A_mean_rate_is_judged(double inTenMinutes, string assessment) => AlarmStatistics.Assess(inTenMinutes).ShouldBe(assessment);
}
