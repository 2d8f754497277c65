using System.Globalization;
using Telemetry.Contracts.Measurement;
using Telemetry.Query.Answers;
using Telemetry.Query.Live;
using Telemetry.Query.Parameters;
using ReadingQuality = Telemetry.Contracts.Readings.Quality;

namespace Telemetry.Query.Endpoints;

/// <summary>
/// The newest reading, up to now, of series whose newest one is in the future. The table of latest values holds one reading a series, and
/// a wrong clock has taken its place, so raw is asked: the last minutes first, where a running series has one, and for the others the
/// last day on which the day rollup knows of any.
/// </summary>
internal static class PastReadings
{
    /// <summary>Series looked up for one answer at most; of the others only the mark is shown.</summary>
    public const int SeriesMax = 2_000;

    /// <summary>Series of one statement: their names go beside it, and over HTTP into the address.</summary>
    private const int SeriesPerStatement = 250;

    private const long RecentUs = 15 * Step.Minute;

    /// <summary>Series below the filters whose newest reading is in the future, by device and sensor.</summary>
    public static async ValueTask<IReadOnlyList<SeriesName>> AheadAsync(ApiRequest request, Filters filters, long horizon)
    {
        List<KeyValuePair<string, string>> values = [.. filters.Values, new("horizon", Text(horizon))];
        var rows = JsonRows.Parse(await request.QueryAsync(
            $"SELECT device, sensor FROM readings_last_data {filters.Where} GROUP BY device, sensor "
            + "HAVING toUnixTimestamp64Micro(tupleElement(max(last), 1)) > {horizon:Int64} "
            + $"ORDER BY device, sensor LIMIT {SeriesMax}",
            values,
            "JSONCompactEachRow"));
        return [.. rows.Select(row => new SeriesName(row[0].GetString()!, row[1].GetString()!))];
    }

    /// <summary>The newest reading of each series that is not after <paramref name="horizon"/>; a series without one is absent.</summary>
    public static async ValueTask<IReadOnlyDictionary<SeriesName, LatestValue>> FindAsync(
        ApiRequest request, IReadOnlyList<SeriesName> series, long horizon)
    {
        var found = new Dictionary<SeriesName, LatestValue>();
        foreach (var some in series.Take(SeriesMax).Chunk(SeriesPerStatement))
        {
            await ReadAsync(
                request,
                found,
                horizon,
                "(device, sensor) IN {series:Array(Tuple(String, String))} AND event_time > fromUnixTimestamp64Micro({recent:Int64}, 'UTC')",
                [new("series", List(some.Select(Pair))), new("recent", Text(horizon - RecentUs))]);
            var missing = some.Where(name => !found.ContainsKey(name)).ToList();
            if (missing.Count > 0 && await DaysAsync(request, missing, horizon) is { Count: > 0 } days)
            {
                await ReadAsync(
                    request,
                    found,
                    horizon,
                    "(device, sensor, toDate(event_time, 'UTC')) IN {days:Array(Tuple(String, String, Date))}",
                    [new("days", List(days))]);
            }
        }

        return found;
    }

    private static async ValueTask ReadAsync(
        ApiRequest request,
        Dictionary<SeriesName, LatestValue> found,
        long horizon,
        string where,
        List<KeyValuePair<string, string>> values)
    {
        values.Add(new("horizon", Text(horizon)));
        var rows = JsonRows.Parse(await request.QueryAsync(
            "SELECT device, sensor, toInt64(toUnixTimestamp64Micro(tupleElement(newest, 1))), tupleElement(newest, 2), "
            + "toString(tupleElement(newest, 3)), tupleElement(newest, 4) FROM ("
            + "SELECT device, sensor, max((event_time, sequence, value, quality)) AS newest FROM readings_data "
            + $"WHERE {where} AND event_time <= fromUnixTimestamp64Micro({{horizon:Int64}}, 'UTC') GROUP BY device, sensor)",
            values,
            "JSONCompactEachRow"));
        foreach (var row in rows)
        {
            found[new SeriesName(row[0].GetString()!, row[1].GetString()!)] = new LatestValue(
                row[2].GetInt64(), row[3].GetUInt64(), EngineNumbers.Parse(row[4].GetString()!), (ReadingQuality)row[5].GetByte());
        }
    }

    /// <summary>Today and the last day before it with readings, for each series, as the engine reads tuples.</summary>
    private static async ValueTask<IReadOnlyList<string>> DaysAsync(ApiRequest request, IReadOnlyList<SeriesName> series, long horizon)
    {
        var today = TimeRange.Floor(horizon, Step.Day);
        var rows = JsonRows.Parse(await request.QueryAsync(
            "SELECT device, sensor, toInt64(max(toUnixTimestamp(ts))) FROM readings_1d_data "
            + "WHERE (device, sensor) IN {series:Array(Tuple(String, String))} AND ts < toDateTime({today:Int64}, 'UTC') GROUP BY device, sensor",
            [new("series", List(series.Select(Pair))), new("today", Text(today / Step.Second))],
            "JSONCompactEachRow"));
        var before = rows.Select(row => Day(row[0].GetString()!, row[1].GetString()!, row[2].GetInt64() * Step.Second));
        return [.. before.Concat(series.Select(name => Day(name.Device, name.Sensor, today)))];
    }

    private static string Day(string device, string sensor, long us) =>
        $"({EngineText.Quote(device)},{EngineText.Quote(sensor)},'{UnixMicros.ToTime(us).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}')";

    private static string Pair(SeriesName name) => $"({EngineText.Quote(name.Device)},{EngineText.Quote(name.Sensor)})";

    private static string List(IEnumerable<string> items) => "[" + string.Join(",", items) + "]";

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
