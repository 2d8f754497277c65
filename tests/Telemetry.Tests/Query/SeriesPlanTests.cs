using FsCheck;
using FsCheck.Fluent;
using Telemetry.Query.Parameters;
using Telemetry.Query.Series;

namespace Telemetry.Tests.Query;

public sealed class SeriesPlanTests
{
    private const long Now = 1_795_253_400_000_000;

    [Fact]
    public void Segments_lie_end_to_end_on_bucket_boundaries_whatever_the_range_and_the_frontier()
    {
        var cases =
            from source in Gen.Elements(SeriesSource.Minute, SeriesSource.Hour, SeriesSource.Day)
            from buckets in Gen.Choose(1, 400)
            from multiple in Gen.Choose(1, 7)
            from back in Gen.Choose(0, 500)
            from frontier in Gen.Choose(-600 * 1440, 3 * 1440)
            from micros in Gen.Choose(0, 59_999_999)
            select (source, buckets, multiple, back, frontier, micros);

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var step = c.source.Grain() * c.multiple;
            var from = TimeRange.Floor(Now - (c.back * step), step);
            var range = new TimeRange(from, from + (c.buckets * step));
            var frontier = Now + (c.frontier * Step.Minute) + c.micros;
            var segments = SeriesPlan.Segments(c.source, range, frontier, default);

            segments[0].Range.From.ShouldBe(range.From);
            segments[^1].Range.To.ShouldBe(range.To);
            for (var i = 0; i < segments.Count; i++)
            {
                var segment = segments[i];
                segment.Range.Length.ShouldBeGreaterThan(0);
                (segment.Range.From % segment.Source.Grain()).ShouldBe(0);
                (segment.Range.To % segment.Source.Grain()).ShouldBe(0);
                if (i > 0)
                {
                    segment.Range.From.ShouldBe(segments[i - 1].Range.To);
                    ((int)segment.Source).ShouldBeLessThan((int)segments[i - 1].Source);
                }

                if (segment.Source != SeriesSource.Raw)
                {
                    segment.Range.To.ShouldBeLessThanOrEqualTo(Math.Max(0, frontier));
                }
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Each_table_hands_over_to_the_next_finer_one()
    {
        var range = new TimeRange(Now - (30 * Step.Day), Now).Align(Step.Day);
        var segments = SeriesPlan.Segments(SeriesSource.Day, range, Now - (10 * Step.Second), default);

        segments.Select(s => s.Source).ShouldBe([SeriesSource.Day, SeriesSource.Hour, SeriesSource.Minute, SeriesSource.Raw]);
    }

    [Fact]
    public void What_raw_has_lost_comes_from_the_rollups_whatever_the_frontier()
    {
        var range = new TimeRange(Now - (30 * Step.Day), Now).Align(Step.Day);
        var rawFrom = Now - (3 * Step.Hour);

        var segments = SeriesPlan.Segments(SeriesSource.Hour, range, Now - (10 * Step.Day), new HeldSince(rawFrom, 0, 0, 0));

        segments[^1].Source.ShouldBe(SeriesSource.Raw);
        segments[^1].Range.From.ShouldBeGreaterThanOrEqualTo(rawFrom);
        segments[^1].Range.From.ShouldBeLessThanOrEqualTo(rawFrom + Step.Hour);
        segments[0].Range.From.ShouldBe(range.From);
    }

    [Fact]
    public void A_finer_rollup_that_has_lost_the_time_is_left_out()
    {
        var range = new TimeRange(Now - (30 * Step.Day), Now).Align(Step.Day);

        var segments = SeriesPlan.Segments(
            SeriesSource.Day, range, Now - (20 * Step.Day), new HeldSince(0, Now - (10 * Step.Day), 0, 0));

        segments.Select(s => s.Source).ShouldBe([SeriesSource.Day, SeriesSource.Hour, SeriesSource.Raw]);
    }

    [Fact]
    public void Rows_of_all_devices_take_over_from_when_on_there_are_any()
    {
        var range = new TimeRange(Now - (30 * Step.Day), Now).Align(Step.Day);
        var planned = SeriesPlan.Segments(SeriesSource.Day, range, Now - (10 * Step.Second), default);
        var since = Now - (10 * Step.Day);

        var segments = SeriesPlan.OfFleets(planned, new HeldSince { Fleets = since });

        segments.Select(s => (s.Source, s.IsFleet)).ShouldBe(
            [(SeriesSource.Day, false), (SeriesSource.Hour, true), (SeriesSource.Hour, true), (SeriesSource.Minute, true), (SeriesSource.Raw, false)]);
        segments[0].Range.To.ShouldBe(TimeRange.Ceiling(since, Step.Day));
        segments[0].Range.From.ShouldBe(range.From);
        for (var i = 1; i < segments.Count; i++)
        {
            segments[i].Range.From.ShouldBe(segments[i - 1].Range.To);
        }

        segments[^1].ShouldBe(planned[^1]);
        SeriesPlan.OfFleets(planned, new HeldSince { Fleets = Now + Step.Day }).ShouldBe(planned, "there are none yet");
        SeriesPlan.OfFleets(planned, default).ShouldBe(planned, "the store has none");
        SeriesPlan.OfFleets(planned, new HeldSince(0, 0, since, 0) { Fleets = 0 })[0].ShouldBe(segments[0], "hours are gone that the days still have");
    }

    [Fact]
    public void Frontier_is_the_newest_rolled_up_less_the_overlap_within_the_horizon()
    {
        var overlap = TimeSpan.FromSeconds(10);
        var horizon = TimeSpan.FromDays(2);

        SeriesPlan.Frontier(Now - (5 * Step.Second), Now, overlap, horizon).ShouldBe(Now - (15 * Step.Second));
        SeriesPlan.Frontier(Now + Step.Hour, Now, overlap, horizon).ShouldBe(Now - (10 * Step.Second), "a clock ahead of time moves nothing");
        SeriesPlan.Frontier(Now - (90 * Step.Day), Now, overlap, horizon).ShouldBe(Now - (2 * Step.Day));
        SeriesPlan.Frontier(null, Now, overlap, horizon).ShouldBe(Now - (2 * Step.Day));
    }

    [Fact]
    public void Quantiles_come_from_days_and_raw_and_from_hours_where_raw_is_gone()
    {
        const long Raw = (10 * Step.Day) + Step.Minute;
        var held = new HeldSince(Raw, 0, 0, 0);
        var (from, hour) = (9 * Step.Day, TimeRange.Ceiling(Raw, Step.Hour));
        IReadOnlyList<SeriesSegment> planned =
        [
            new(SeriesSource.Hour, new TimeRange(from, 12 * Step.Day)),
            new(SeriesSource.Minute, new TimeRange(12 * Step.Day, (12 * Step.Day) + Step.Hour)),
            new(SeriesSource.Raw, new TimeRange((12 * Step.Day) + Step.Hour, 13 * Step.Day)),
        ];

        SeriesQuantiles.Segments(planned, held).ShouldBe(
        [
            new(SeriesSource.Hour, new TimeRange(from, hour)), new(SeriesSource.Raw, new TimeRange(hour, 13 * Step.Day)),
        ]);
        SeriesQuantiles.Segments(planned, default).ShouldBe([new(SeriesSource.Raw, new TimeRange(from, 13 * Step.Day))]);
        SeriesQuantiles.Segments([new(SeriesSource.Day, new TimeRange(from, 12 * Step.Day)), planned[1]], held).ShouldBe(
        [
            new(SeriesSource.Day, new TimeRange(from, 12 * Step.Day)), new(SeriesSource.Raw, planned[1].Range),
        ]);
    }
}
