using System.Globalization;
using System.Text;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Series;

/// <summary>
/// SQL of series queries. A piece for each segment gives partial aggregates a bucket; they are joined with UNION ALL and
/// merged by bucket. Every placeholder's value goes beside the text.
/// </summary>
internal static class SeriesSql
{
    // Neutral elements where no value is finite: lo inf, hi -inf, head 2299, tail 1970 (the rollups' own convention).
    // RowBinary: 8 bytes each, see SeriesReader; what is not finite becomes null in JSON.
    private const string BinaryColumns =
        "min(lo) AS vmin, max(hi) AS vmax, " + Mean + " AS mean, "
        + "if(sum(finite) = 0, nan, tupleElement(min(head), 3)) AS vfirst, "
        + "if(sum(finite) = 0, nan, tupleElement(max(tail), 3)) AS vlast, sum(readings) AS count";

    private const string TextColumns =
        "if(sum(finite) = 0, NULL, min(lo)) AS min, if(sum(finite) = 0, NULL, max(hi)) AS max, "
        + "if(sum(finite) = 0 OR NOT isFinite(" + Mean + "), NULL, " + Mean + ") AS mean, "
        + "if(sum(finite) = 0, NULL, tupleElement(min(head), 3)) AS first, "
        + "if(sum(finite) = 0, NULL, tupleElement(max(tail), 3)) AS last, sum(readings) AS count";

    // A sum of finite values can overflow where their mean does not. Then the sum of the values times 2^-64 is taken, which no number of
    // readings makes overflow; rounding must not put it beyond the largest value. Buckets from before the rollups kept both sums may have no
    // mean: it is known only if all values are alike.
    private const string Mean =
        "multiIf(isFinite(sum(total)), sum(total) / sum(finite), isFinite(sum(scaled)), greatest(min(lo), least(max(hi), sum(scaled) / sum(finite) * 18446744073709551616.)), "
        + "min(lo) = max(hi), min(lo), nan)";

    private const string Scale = "5.421010862427522e-20";

    // First and last are by event time, and at the same time by sequence, as 'latest' is.
    private const string RawPartials =
        "min(if(isFinite(value), value, inf)) AS lo, max(if(isFinite(value), value, -inf)) AS hi, "
        + "sum(if(isFinite(value), value, 0.)) AS total, sum(if(isFinite(value), value * " + Scale + ", 0.)) AS scaled, "
        + "countIf(isFinite(value)) AS finite, "
        + "min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS head, "
        + "max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS tail, "
        + "count() AS readings ";

    private const string RollupPartials =
        "min(vmin) AS lo, max(vmax) AS hi, sum(vsum) AS total, sum(vsum_scaled) AS scaled, sum(n_finite) AS finite, "
        + "min(first_reading) AS head, max(last_reading) AS tail, sum(n) AS readings ";

    /// <summary>Buckets in order of time (of group and time when grouped).</summary>
    /// <param name="segments">Segments of the plan.</param>
    /// <param name="where">Condition on sensor and device, without the time.</param>
    /// <param name="group">What names the series that a row is of; null: one series.</param>
    /// <param name="binary">True: RowBinary columns; false: columns with names, for CSV and JSON lines.</param>
    /// <param name="step">Bucket, microseconds.</param>
    /// <param name="values">Gets the values of the placeholders.</param>
    /// <param name="quantiles">Quantiles of each bucket; no segment may be of minutes then. Null: none.</param>
    /// <param name="days">The buckets are these days of a time zone, not lengths from 1970 on.</param>
    public static string Buckets(
        IReadOnlyList<SeriesSegment> segments,
        string where,
        SeriesGroup? group,
        bool binary,
        long step,
        List<KeyValuePair<string, string>> values,
        SeriesQuantiles? quantiles = null,
        ZoneDays? days = null)
    {
        if (days is null)
        {
            values.Add(new("step", Number(step)));
        }

        var sql = new StringBuilder("SELECT ");
        var column = group?.Columns ?? "";
        sql.Append(column);
        sql.Append(binary ? "bucket, " + BinaryColumns : "fromUnixTimestamp64Micro(bucket, 'UTC') AS time, " + TextColumns);
        sql.Append(quantiles?.Columns(binary));
        sql.Append(" FROM (");
        for (var i = 0; i < segments.Count; i++)
        {
            sql.Append(i == 0 ? "" : " UNION ALL ");
            sql.Append(Pieces(segments[i], where, group, quantiles, days, i));
            values.Add(new($"from{i}", Number(segments[i].Range.From)));
            values.Add(new($"to{i}", Number(segments[i].Range.To)));
        }

        return sql.Append($") GROUP BY {column}bucket ORDER BY {column}bucket").ToString();
    }

    /// <summary>Single readings in order of time (of group and time when grouped).</summary>
    public static string Raw(TimeRange range, string where, bool binary, List<KeyValuePair<string, string>> values, SeriesGroup? group = null)
    {
        values.Add(new("from0", Number(range.From)));
        values.Add(new("to0", Number(range.To)));
        var columns = binary
            ? "toInt64(toUnixTimestamp64Micro(event_time)) AS t, value, quality"
            : $"event_time AS time, {RawColumns.Value}, {RawColumns.Special}, quality";
        return $"SELECT {group?.Expressions}{columns} FROM readings_data WHERE {where} AND {RawTime(0)} ORDER BY {group?.Columns}event_time, sequence";
    }

    /// <summary>How many readings there are: exact from raw, or by whole hours from the rollup.</summary>
    /// <param name="source">Raw or the hour rollup.</param>
    /// <param name="range">Event times.</param>
    /// <param name="where">Condition on sensor and device.</param>
    /// <param name="values">Gets the values of the placeholders.</param>
    /// <param name="each">True: of the series that has most.</param>
    public static string Count(SeriesSource source, TimeRange range, string where, List<KeyValuePair<string, string>> values, bool each)
    {
        values.Add(new("from0", Number(range.From)));
        values.Add(new("to0", Number(range.To)));
        var sql = source == SeriesSource.Raw
            ? $"SELECT count() AS readings FROM readings_data WHERE {where} AND {RawTime(0)}"
            : $"SELECT sum(n) AS readings FROM {source.View()} WHERE {where} AND {RollupTime(0)}";
        return each ? $"SELECT max(readings) FROM ({sql} GROUP BY device, sensor)" : sql;
    }

    /// <summary>
    /// Event time, in microseconds, up to which each of the tables has something; 0 when one has nothing. Readings in the future say
    /// nothing about how far a rollup is.
    /// </summary>
    public static string Newest(
        IEnumerable<string> views, string where, long since, long horizon, List<KeyValuePair<string, string>> values)
    {
        values.Add(new("since", Number(since / 1_000_000)));
        values.Add(new("horizon", Number(horizon)));
        var pieces = views.Select(view =>
            "SELECT toInt64(max(if(toUnixTimestamp64Micro(tupleElement(last, 1)) <= {horizon:Int64}, toUnixTimestamp64Micro(tupleElement(last, 1)), 0))) AS newest "
            + $"FROM {view} WHERE {where} AND ts >= toDateTime({{since:Int64}}, 'UTC')");
        return $"SELECT min(newest) FROM ({string.Join(" UNION ALL ", pieces)})";
    }

    /// <summary>A segment; of days of a time zone the hours in which one begins apart from the others, from a finer table.</summary>
    private static string Pieces(SeriesSegment segment, string where, SeriesGroup? group, SeriesQuantiles? quantiles, ZoneDays? days, int i)
    {
        var (source, fleet) = (segment.Source, segment.IsFleet);
        if (source != SeriesSource.Hour || days?.Fine is not { } fine)
        {
            return Piece(source, fleet, where, group, quantiles, days, i);
        }

        return Piece(source, fleet, $"{where} AND {days.IsUndivided(source)}", group, quantiles, days, i)
            + " UNION ALL " + Piece(fine, fleet, $"{where} AND NOT ({days.IsUndivided(fine)})", group, quantiles, days, i);
    }

    private static string Piece(SeriesSource source, bool fleet, string where, SeriesGroup? group, SeriesQuantiles? quantiles, ZoneDays? days, int i)
    {
        var (named, column) = (group?.Expressions, group?.Columns);
        var bucket = days?.Bucket(source)
            ?? $"intDiv({(source == SeriesSource.Raw ? "toInt64(toUnixTimestamp64Micro(event_time))" : "toInt64(toUnixTimestamp(ts)) * 1000000")}, {{step:Int64}}) * {{step:Int64}}";
        return source == SeriesSource.Raw
            ? $"SELECT {named}{bucket} AS bucket, "
                + RawPartials + quantiles?.Partial(source)
                + $"FROM readings_data WHERE {where} AND {RawTime(i)} GROUP BY {column}bucket"
            : $"SELECT {named}{bucket} AS bucket, "
                + RollupPartials + quantiles?.Partial(source)
                + $"FROM {(fleet ? source.FleetView() : source.View())} WHERE {where} AND {RollupTime(i)} GROUP BY {column}bucket";
    }

    private static string RawTime(int i) =>
        $"event_time >= fromUnixTimestamp64Micro({{from{i}:Int64}}, 'UTC') AND event_time < fromUnixTimestamp64Micro({{to{i}:Int64}}, 'UTC')";

    private static string RollupTime(int i) =>
        $"ts >= toDateTime(intDiv({{from{i}:Int64}}, 1000000), 'UTC') AND ts < toDateTime(intDiv({{to{i}:Int64}} + 999999, 1000000), 'UTC')";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
