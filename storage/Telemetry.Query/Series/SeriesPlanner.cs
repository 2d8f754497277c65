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
    /// <param name="step">Step asked for.</param>
    /// <param name="fleet">True: over all devices; never single readings.</param>
    public static async ValueTask<SeriesQuery> PlanAsync(
        SeriesHorizon horizon,
        StoreReader store,
        string where,
        IReadOnlyList<KeyValuePair<string, string>> values,
        TimeRange range,
        Step step,
        int points,
        bool fleet)
    {
        var held = await horizon.ReadAsync(store.Aborted);
        if (step.Kind == StepKind.Raw
            || (!fleet
                && step.Kind == StepKind.Auto
                && held.Covers(SeriesSource.Raw, range.From)
                && await FewAsync(store, where, values, range, points)))
        {
            return SeriesQuery.Of(range, 0, SeriesSource.Raw, [new SeriesSegment(SeriesSource.Raw, range)], held);
        }

        var now = UnixMicros.From(store.Now);
        var asked = step.Kind == StepKind.Fixed ? step.Microseconds : StepChoice.Bucket(range.Length, points);
        var (bucket, source) = StepChoice.Source(asked, range, held);
        var aligned = range.Align(bucket);
        if (source == SeriesSource.Raw)
        {
            return SeriesQuery.Of(aligned, bucket, source, [new SeriesSegment(source, aligned)], held);
        }

        var newest = await NewestAsync(store, where, values, source, now);
        var overlap = fleet ? store.Options.FleetTailOverlap : store.Options.SeriesTailOverlap;
        var frontier = SeriesPlan.Frontier(newest, now, overlap, store.Options.TailHorizon);
        return SeriesQuery.Of(aligned, bucket, source, SeriesPlan.Segments(source, aligned, frontier, held), held);
    }

    /// <summary>True when the range has no more readings than points, so that each can be shown.</summary>
    private static async ValueTask<bool> FewAsync(
        StoreReader store, string where, IReadOnlyList<KeyValuePair<string, string>> values, TimeRange range, int points)
    {
        // Counting raw reads the key column; over days the hour rollup answers with a row an hour, give or take 5 s.
        var source = range.Length <= 2 * Step.Day ? SeriesSource.Raw : SeriesSource.Hour;
        List<KeyValuePair<string, string>> all = [.. values];
        var sql = SeriesSql.Count(source, source == SeriesSource.Raw ? range : range.Align(Step.Hour), where, all);
        return await ScalarAsync(store, sql, all) <= points;
    }

    private static async ValueTask<long?> NewestAsync(
        StoreReader store, string where, IReadOnlyList<KeyValuePair<string, string>> values, SeriesSource source, long now)
    {
        var since = TimeRange.Floor(Math.Max(0, now - UnixMicros.From(store.Options.TailHorizon)), Step.Day);
        List<KeyValuePair<string, string>> all = [.. values];
        var tables = Enumerable.Range(1, (int)source).Select(table => (SeriesSource)table);
        var newest = await ScalarAsync(store, SeriesSql.Newest(tables, where, since, store.Options.Horizon(now), all), all);
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
