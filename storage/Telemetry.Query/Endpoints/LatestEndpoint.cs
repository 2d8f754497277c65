using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts.Measurement;
using Telemetry.Query.Answers;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Live;
using Telemetry.Query.Parameters;
using ReadingQuality = Telemetry.Contracts.Readings.Quality;

namespace Telemetry.Query.Endpoints;

/// <summary>The newest reading of each series, up to now.</summary>
internal static class LatestEndpoint
{
    // The table of latest values lags by up to 5 s, so the last two minutes of raw join in, and what is in the future with them. A
    // maximum counts nothing, so a reading found in both does no harm. A reading in the future never hides one that is not.
    private const string Recent = "event_time >= fromUnixTimestamp64Micro({recent:Int64}, 'UTC')";

    private const string Horizon = "fromUnixTimestamp64Micro({horizon:Int64}, 'UTC')";

    private const string Reading = "(event_time, sequence, value, quality)";

    private const long RecentUs = 120_000_000;

    public static readonly ApiEndpoint Endpoint = new(
        "latest",
        "/latest",
        "Newest reading of each series",
        "Of one device, one sensor, both, or all (paged by device and sensor). Columns: device, sensor, time, value (null when not "
        + "finite), special, quality, source (store, or live when the log had a newer one), clockAhead, aheadTime, aheadValue. A reading in the "
        + "future comes from a wrong clock: it is passed over, clockAhead is true and aheadTime and aheadValue show it; time is null when "
        + "there is no other. unit and displayName are the catalogue's.",
        [CommonParameters.Device, CommonParameters.Sensor, CommonParameters.Limit, CommonParameters.Offset, CommonParameters.Cursor, CommonParameters.Format],
        ApiEndpoint.Tables,
        HandleAsync);

    private static async Task HandleAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var filters = new Filters()
            .Equal("device", "String", parameters.Name(CommonParameters.Device))
            .Equal("sensor", "String", parameters.Name(CommonParameters.Sensor));
        var (limit, offset) = parameters.Page();
        var format = parameters.Format();
        var meta = await request.MetaAsync();
        var now = UnixMicros.From(parameters.Now);
        var horizon = request.Options.Horizon(now);
        var raw = filters.Where.Length == 0 ? "WHERE " + Recent : filters.Where + " AND " + Recent;
        var sql =
            $"SELECT device, sensor, {Columns($"maxIf(newest, tupleElement(newest, 1) <= {Horizon})")}, {Columns("max(newest)")} FROM ("
            + $"SELECT device, sensor, max(last) AS newest FROM readings_last_data {filters.Where} GROUP BY device, sensor UNION ALL "
            + $"SELECT device, sensor, arrayJoin([maxIf({Reading}, event_time <= {Horizon}), max({Reading})]) AS newest "
            + $"FROM readings_data {raw} GROUP BY device, sensor) "
            + $"GROUP BY device, sensor ORDER BY device, sensor LIMIT {limit + 1} OFFSET {offset}";
        filters.Value("recent", now - RecentUs).Value("horizon", horizon);
        var rows = JsonRows.Parse(await request.QueryAsync(sql, filters.Values, "JSONCompactEachRow"));
        var items = rows.Take(limit).Select(row => Newest(request, row, horizon)).ToList();
        await FindPastAsync(request, items, now - RecentUs, horizon);
        QueryMetrics.GaveRows(request.Endpoint, items.Count);
        request.Response.ContentType = format.ContentType();
        if (format == OutputFormat.Json)
        {
            await WriteJsonAsync(request, meta, items, rows.Count > limit ? offset + limit : null);
            return;
        }

        meta.WriteTo(request.Response.Headers);
        await LatestRows.WriteAsync(request.Response, items, request.Parts.Catalogue?.Book, format, request.Aborted);
    }

    private static string Columns(string newest) => string.Create(
        CultureInfo.InvariantCulture,
        $"toInt64(toUnixTimestamp64Micro(tupleElement({newest}, 1))), tupleElement({newest}, 2), toString(tupleElement({newest}, 3)), tupleElement({newest}, 4)");

    /// <summary>The newest reading up to now: the stored one, or the one the live tail has seen when that is newer.</summary>
    private static LatestRow Newest(ApiRequest request, JsonElement row, long horizon)
    {
        var name = new SeriesName(row[0].GetString()!, row[1].GetString()!);
        var newest = Value(row, 6);
        LatestValue? ahead = newest.TimeUs > horizon ? newest : null;
        var past = Value(row, 2);
        LatestValue? stored = past.TimeUs > 0 ? past : null;
        return request.Parts.Latest.Of(name.Device, name.Sensor) is { } live && (stored is not { } held || live.IsNewerThan(held))
            ? new LatestRow(name, live, Live: true, ahead)
            : new LatestRow(name, stored, Live: false, ahead);
    }

    private static LatestValue Value(JsonElement row, int at) => new(
        row[at].GetInt64(), row[at + 1].GetUInt64(), EngineNumbers.Parse(row[at + 2].GetString()!), (ReadingQuality)row[at + 3].GetByte());

    /// <summary>
    /// Where a reading in the future sits in the table of latest values, what it has put aside is looked up in raw. What the last minutes
    /// of raw hold has been seen already, so only the rest is asked for.
    /// </summary>
    private static async ValueTask FindPastAsync(ApiRequest request, List<LatestRow> items, long recent, long horizon)
    {
        var ahead = items
            .Where(item => item.Ahead is not null && !(item.Value?.TimeUs >= recent))
            .Select(item => item.Name)
            .ToList();
        if (ahead.Count == 0)
        {
            return;
        }

        var found = await PastReadings.FindAsync(request, ahead, horizon);
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i].Ahead is not null
                && found.TryGetValue(items[i].Name, out var past)
                && (items[i].Value is not { } held || past.IsNewerThan(held)))
            {
                items[i] = items[i] with { Value = past, Live = false };
            }
        }
    }

    private static async Task WriteJsonAsync(ApiRequest request, AnswerMeta meta, List<LatestRow> items, int? next)
    {
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, truncated: next is not null);
        writer.WriteStartArray("latest");
        foreach (var item in items)
        {
            LatestRows.Write(writer, item, request.Parts.Catalogue?.Book);
        }

        writer.WriteEndArray();
        writer.WritePropertyName("next");
        JsonSerializer.Serialize(writer, next);
        writer.WriteString("nextCursor", next is { } after ? request.Parameters.CursorAt(after) : null);
        writer.WriteEndObject();
    }
}
