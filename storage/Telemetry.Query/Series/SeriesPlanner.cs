using System.Globalization;
using Telemetry.Query.Answers;
using Telemetry.Query.Endpoints;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Series;

/// <summary>Decides step, source and segments of a series request, asking the store what it must know for that.</summary>
internal static class SeriesPlanner
{
    /// <param name="request">Request.</param>
    /// <param name="where">Condition on sensor and device.</param>
    /// <param name="values">Values of its placeholders.</param>
    /// <param name="step">Step asked for.</param>
    /// <param name="fleet">True: over all devices; never single readings.</param>
    public static async ValueTask<SeriesQuery> PlanAsync(
        ApiRequest request, string where, IReadOnlyList<KeyValuePair<string, string>> values, TimeRange range, Step step, int points, bool fleet)
    {
        if (step.Kind == StepKind.Raw
            || (!fleet && step.Kind == StepKind.Auto && await FewAsync(request, where, values, range, points)))
        {
            return new SeriesQuery(range, 0, SeriesSource.Raw, [new SeriesSegment(SeriesSource.Raw, range)]);
        }

        var now = TimeText.ToMicroseconds(request.Parameters.Now);
        var bucket = step.Kind == StepKind.Fixed ? step.Microseconds : StepChoice.Bucket(range.Length, points);
        var aligned = range.Align(bucket);
        var source = StepChoice.Source(bucket, aligned.From, now - Us(request.Options.MinuteRetention));
        if (source == SeriesSource.Raw)
        {
            return new SeriesQuery(aligned, bucket, source, [new SeriesSegment(source, aligned)]);
        }

        var newest = await NewestAsync(request, where, values, source, now);
        var overlap = fleet ? request.Options.FleetTailOverlap : request.Options.SeriesTailOverlap;
        var frontier = SeriesPlan.Frontier(newest, now, overlap, request.Options.TailHorizon);
        return new SeriesQuery(aligned, bucket, source, SeriesPlan.Segments(source, aligned, frontier));
    }

    /// <summary>True when the range has no more readings than points, so that each can be shown.</summary>
    private static async ValueTask<bool> FewAsync(
        ApiRequest request, string where, IReadOnlyList<KeyValuePair<string, string>> values, TimeRange range, int points)
    {
        // Counting raw reads the key column; over days the hour rollup answers with a row an hour, give or take 5 s.
        var source = range.Length <= 2 * Step.Day ? SeriesSource.Raw : SeriesSource.Hour;
        List<KeyValuePair<string, string>> all = [.. values];
        var sql = SeriesSql.Count(source, source == SeriesSource.Raw ? range : range.Align(Step.Hour), where, all);
        return await ScalarAsync(request, sql, all) <= points;
    }

    private static async ValueTask<long?> NewestAsync(
        ApiRequest request, string where, IReadOnlyList<KeyValuePair<string, string>> values, SeriesSource source, long now)
    {
        var since = TimeRange.Floor(Math.Max(0, now - Us(request.Options.TailHorizon)), Step.Day);
        List<KeyValuePair<string, string>> all = [.. values];
        var tables = Enumerable.Range(1, (int)source).Select(table => (SeriesSource)table);
        var newest = await ScalarAsync(request, SeriesSql.Newest(tables, where, since, all), all);
        return newest > 0 ? newest : null;
    }

    private static async ValueTask<long> ScalarAsync(
        ApiRequest request, string sql, IReadOnlyList<KeyValuePair<string, string>> values)
    {
        var value = JsonRows.Parse(await request.QueryAsync(sql, values, "JSONCompactEachRow"))[0][0];
        return value.ValueKind == System.Text.Json.JsonValueKind.String
            ? long.Parse(value.GetString()!, CultureInfo.InvariantCulture)
            : value.GetInt64();
    }

    private static long Us(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
