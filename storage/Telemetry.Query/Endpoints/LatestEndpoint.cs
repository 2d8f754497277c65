using System.Text.Json;
using Telemetry.Query.Answers;
using Telemetry.Query.Live;
using Telemetry.Query.Parameters;
using ReadingQuality = Telemetry.Contracts.Readings.Quality;

namespace Telemetry.Query.Endpoints;

/// <summary>The newest reading of each series.</summary>
internal static class LatestEndpoint
{
    // The table of latest values lags by up to 5 s, so the last two minutes of raw join in. A maximum counts nothing, so a
    // reading found in both does no harm.
    private const string Recent = "event_time >= fromUnixTimestamp64Micro({recent:Int64}, 'UTC')";

    private const long RecentUs = 120_000_000;

    public static readonly ApiEndpoint Endpoint = new(
        "latest",
        "/latest",
        "Newest reading of each series",
        "Of one device, one sensor, both, or all (paged by device and sensor). Columns: device, sensor, time, value (null when not "
        + "finite), special, quality, source (store, or live when the log had a newer one).",
        [CommonParameters.Device, CommonParameters.Sensor, CommonParameters.Limit, CommonParameters.Offset, CommonParameters.Format],
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
        var raw = filters.Where.Length == 0 ? "WHERE " + Recent : filters.Where + " AND " + Recent;
        var sql =
            "SELECT device, sensor, toInt64(toUnixTimestamp64Micro(tupleElement(max(newest), 1))) AS t, toString(tupleElement(max(newest), 3)) AS value, "
            + "tupleElement(max(newest), 4) AS quality FROM ("
            + $"SELECT device, sensor, max(last) AS newest FROM readings_last_data {filters.Where} GROUP BY device, sensor UNION ALL "
            + $"SELECT device, sensor, max((event_time, sequence, value, quality)) AS newest FROM readings_data {raw} GROUP BY device, sensor) "
            + $"GROUP BY device, sensor ORDER BY device, sensor LIMIT {limit + 1} OFFSET {offset}";
        filters.Value("recent", TimeText.ToMicroseconds(parameters.Now) - RecentUs);
        var rows = JsonRows.Parse(await request.QueryAsync(sql, filters.Values, "JSONCompactEachRow"));
        var items = rows.Take(limit).Select(row => Newest(request, row)).ToList();
        QueryMetrics.GaveRows(request.Endpoint, items.Count);
        request.Response.ContentType = ApiRequest.ContentType(format);
        if (format == OutputFormat.Json)
        {
            await WriteJsonAsync(request, meta, items, rows.Count > limit ? offset + limit : null);
            return;
        }

        meta.WriteTo(request.Response.Headers);
        await LatestRows.WriteAsync(request.Response, items, format, request.Aborted);
    }

    /// <summary>The stored reading, or the one the live tail has seen when that is newer.</summary>
    private static LatestRow Newest(ApiRequest request, JsonElement row)
    {
        var device = row[0].GetString()!;
        var sensor = row[1].GetString()!;
        var stored = new LatestValue(row[2].GetInt64(), EngineNumbers.Parse(row[3].GetString()!), (ReadingQuality)row[4].GetByte());
        return request.Role.Latest.Of(device, sensor) is { } live && live.TimeUs > stored.TimeUs
            ? new LatestRow(device, sensor, live, Live: true)
            : new LatestRow(device, sensor, stored, Live: false);
    }

    private static async Task WriteJsonAsync(ApiRequest request, AnswerMeta meta, List<LatestRow> items, int? next)
    {
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, truncated: next is not null);
        writer.WriteStartArray("latest");
        foreach (var item in items)
        {
            LatestRows.Write(writer, item);
        }

        writer.WriteEndArray();
        writer.WritePropertyName("next");
        JsonSerializer.Serialize(writer, next);
        writer.WriteEndObject();
    }
}
