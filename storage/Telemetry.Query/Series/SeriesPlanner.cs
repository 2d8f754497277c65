using System.Globalization;
using Telemetry.Contracts.Measurement;
using Telemetry.Query.Answers;
using Telemetry.Query.Limits;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Series;

/// <summary>Decides step, source and segments of a series request, asking the store what it must know for that.</summary>
internal static class SeriesPlanner
{
    /// <param name="horizon">From when on each table is complete.</param>
    /// <param name="store">The store, for this request.</param>
    /// <param name="where">Condition on sensor and device.</param>
    /// <param name="values">Values of its placeholders.</param>
    /// <param name="ask">What was asked.</param>
    /// <exception cref="Problems.ApiProblem">There is no such time zone.</exception>
    public static async ValueTask<SeriesQuery> PlanAsync(
        SeriesHorizon horizon,
        StoreReader store,
        string where,
        IReadOnlyList<KeyValuePair<string, string>> values,
        SeriesAsk ask)
    {
        var (range, step, points) = (ask.Range, ask.Step, ask.Points);
        var held = await horizon.ReadAsync(store.Aborted);
        if (step.Kind == StepKind.Raw
            || (ask.Single != SingleReadings.Never
                && step.Kind == StepKind.Auto
                && held.Covers(SeriesSource.Raw, range.From)
                && await FewAsync(store, where, values, ask)))
        {
            return SeriesQuery.Of(range, 0, SeriesSource.Raw, [new SeriesSegment(SeriesSource.Raw, range)], held);
        }

        var now = UnixMicros.From(store.Now);
        var asked = step.Kind == StepKind.Fixed ? step.Microseconds : StepChoice.Bucket(range.Length, points);
        if (ask.Zone is { } zone && asked % Step.Day == 0 && await ZonePlanAsync(store, where, values, ask, zone, asked, held, now) is { } days)
        {
            return days;
        }

        var (bucket, source) = StepChoice.Source(asked, range, held);
        var aligned = range.Align(bucket);
        if (source == SeriesSource.Raw)
        {
            return SeriesQuery.Of(aligned, bucket, source, [new SeriesSegment(source, aligned)], held);
        }

        var frontier = await FrontierAsync(store, where, values, source, ask, held, now);
        return SeriesQuery.Of(aligned, bucket, source, Segments(source, aligned, frontier, ask, held), held);
    }

    /// <summary>Days of a time zone from the hour rollup; null where it does not reach back so far: coarser tables know only days of UTC.</summary>
    private static async ValueTask<SeriesQuery?> ZonePlanAsync(
        StoreReader store, string where, IReadOnlyList<KeyValuePair<string, string>> values, SeriesAsk ask, string zone, long bucket, HeldSince held, long now)
    {
        var days = await ZoneDays.AroundAsync(store, zone, bucket / Step.Day, ask.Range);
        var (grain, source) = StepChoice.Source(Step.Hour, days.Range, held);
        if (grain != Step.Hour)
        {
            return null;
        }

        if (source == SeriesSource.Raw)
        {
            return SeriesQuery.Of(days.Range, bucket, source, [new SeriesSegment(source, days.Range)], held) with { Days = days };
        }

        SeriesSource? fine = days.IsWholeHours || source != SeriesSource.Hour ? null
            : held.Covers(SeriesSource.Minute, days.Range.From) ? SeriesSource.Minute
            : held.Covers(SeriesSource.Raw, days.Range.From) ? SeriesSource.Raw : null;
        var frontier = await FrontierAsync(store, where, values, source, ask, held, now);
        return SeriesQuery.Of(days.Range, bucket, source, Segments(source, days.Range, frontier, ask, held), held) with { Days = days with { Fine = fine } };
    }

    private static IReadOnlyList<SeriesSegment> Segments(SeriesSource source, TimeRange range, long frontier, SeriesAsk ask, HeldSince held)
    {
        var segments = SeriesPlan.Segments(source, range, frontier, held);
        return ask.OfAllDevices ? SeriesPlan.OfFleets(segments, held) : segments;
    }

    private static async ValueTask<long> FrontierAsync(
        StoreReader store, string where, IReadOnlyList<KeyValuePair<string, string>> values, SeriesSource source, SeriesAsk ask, HeldSince held, long now)
    {
        var newest = await NewestAsync(store, where, values, source, ask, held, now);
        var overlap = ask.Single == SingleReadings.OfOneSeries ? store.Options.SeriesTailOverlap : store.Options.FleetTailOverlap;
        return SeriesPlan.Frontier(newest, now, overlap, store.Options.TailHorizon);
    }

    /// <summary>True when no series has more readings in the range than points, so that each can be shown.</summary>
    private static async ValueTask<bool> FewAsync(StoreReader store, string where, IReadOnlyList<KeyValuePair<string, string>> values, SeriesAsk ask)
    {
        var range = ask.Range;
        // Counting raw reads the key column; over days the hour rollup answers with a row an hour, give or take 5 s.
        var source = range.Length <= 2 * Step.Day ? SeriesSource.Raw : SeriesSource.Hour;
        List<KeyValuePair<string, string>> all = [.. values];
        var sql = SeriesSql.Count(source, source == SeriesSource.Raw ? range : range.Align(Step.Hour), where, all, ask.Single == SingleReadings.OfEachSeries);
        return await ScalarAsync(store, sql, all) <= ask.Points;
    }

    private static async ValueTask<long?> NewestAsync(
        StoreReader store, string where, IReadOnlyList<KeyValuePair<string, string>> values, SeriesSource source, SeriesAsk ask, HeldSince held, long now)
    {
        var since = TimeRange.Floor(Math.Max(0, now - UnixMicros.From(store.Options.TailHorizon)), Step.Day);
        List<KeyValuePair<string, string>> all = [.. values];
        var fleets = ask.OfAllDevices && held.Fleets <= since;
        var views = Enumerable.Range(1, (int)(fleets ? SeriesPlan.Rows(source) : source)).Select(t => fleets ? ((SeriesSource)t).FleetView() : ((SeriesSource)t).View());
        var newest = await ScalarAsync(store, SeriesSql.Newest(views, where, since, store.Options.Horizon(now), all), all);
        return newest > 0 ? newest : null;
    }

    private static async ValueTask<long> ScalarAsync(
        StoreReader store, string sql, IReadOnlyList<KeyValuePair<string, string>> values)
    {
        var value = JsonRows.Parse(await store.QueryAsync(sql, values, "JSONCompactEachRow"))[0][0];
        return value.ValueKind == System.Text.Json.JsonValueKind.String
            ? long.Parse(value.GetString()!, CultureInfo.InvariantCulture)
            : value.GetInt64();
    }
}
