using System.Text.Json;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Text;
using Telemetry.Query.Answers;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Endpoints;

/// <summary>What there is: devices and sensors, out of the table of latest values (a row a series).</summary>
internal static class CatalogEndpoints
{
    private const string Note = "A name appears up to 5 s after its first reading. ";

    private const string LastSeen =
        "readings, lastSeen, clockAhead, aheadTime. lastSeen passes over readings in the future, which come from a wrong clock: they make "
        + "clockAhead true, and aheadTime is the newest of them.";

    private static readonly ParameterSpec Search = new(
        "search", "Only names that contain this text, upper and lower case alike.", "press");

    private static readonly ParameterSpec[] Page = [CommonParameters.Limit, CommonParameters.Offset, CommonParameters.Format];

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "devices", "/devices", "Devices, by name", Note + "Columns: device, sensors, " + LastSeen,
            [Search, .. Page], ApiEndpoint.Tables, DevicesAsync),
        new(
            "device", "/devices/{device}", "One device", Note + "404 when nothing of it is stored.",
            [CommonParameters.DevicePath], ApiEndpoint.Json, DeviceAsync),
        new(
            "device-sensors", "/devices/{device}/sensors", "Sensors of a device", Note + "Columns: sensor, " + LastSeen,
            [CommonParameters.DevicePath, Search, .. Page], ApiEndpoint.Tables, DeviceSensorsAsync),
        new(
            "sensors", "/sensors", "Sensor names over all devices", Note + "Columns: sensor, devices, " + LastSeen,
            [Search, .. Page], ApiEndpoint.Tables, SensorsAsync),
    ];

    private static Task DevicesAsync(ApiRequest request) => ListAsync(
        request, "devices", "device", new Filters().Contains("device", request.Parameters.Text(Search)), "sensors");

    private static Task DeviceSensorsAsync(ApiRequest request) => ListAsync(
        request,
        "sensors",
        "sensor",
        new Filters()
            .Equal("device", "String", request.Parameters.Name(CommonParameters.DevicePath))
            .Contains("sensor", request.Parameters.Text(Search)));

    private static Task SensorsAsync(ApiRequest request) => ListAsync(
        request, "sensors", "sensor", new Filters().Contains("sensor", request.Parameters.Text(Search)), "devices");

    /// <param name="request">Request.</param>
    /// <param name="name">Name of the rows in JSON.</param>
    /// <param name="key">Column that names a row: device or sensor.</param>
    /// <param name="filters">Which series.</param>
    /// <param name="counted">Null, or what of the other kind is counted: sensors of a device, devices of a sensor.</param>
    private static async Task ListAsync(ApiRequest request, string name, string key, Filters filters, string? counted = null)
    {
        var (limit, offset) = request.Parameters.Page();
        var format = request.Parameters.Format();
        var meta = await request.MetaAsync();
        var rows = await ReadAsync(request, key, filters, $"ORDER BY {key} LIMIT {limit + 1} OFFSET {offset}");
        string[] columns = counted is null ? [key] : [key, counted];
        var table = rows.Take(limit).Select(row => (IReadOnlyList<object?>)
        [
            .. counted is null ? (object?[])[row.Name] : [row.Name, row.Others],
            .. row.Seen(),
        ]);
        await TableAnswer.WriteAsync(
            request, meta, name, [.. columns, .. CatalogRow.SeenColumns], [.. table], rows.Count > limit ? offset + limit : null, format);
    }

    private static async Task DeviceAsync(ApiRequest request)
    {
        var device = request.Parameters.Name(CommonParameters.DevicePath)!;
        var meta = await request.MetaAsync();
        var rows = await ReadAsync(request, "device", new Filters().Equal("device", "String", device), "");
        if (rows.Count == 0)
        {
            throw ApiRequest.NotFound($"Nothing of device '{device}' is stored. Look for names with /api/v1/devices?search=...");
        }

        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, truncated: false);
        TableAnswer.Write(writer, ["device", "sensors", .. CatalogRow.SeenColumns], [device, rows[0].Others, .. rows[0].Seen()]);
        writer.WriteEndObject();
    }

    private static async ValueTask<List<CatalogRow>> ReadAsync(ApiRequest request, string key, Filters filters, string page)
    {
        var horizon = request.Options.Horizon(UnixMicros.From(request.Parameters.Now));
        var other = key == "device" ? "sensor" : "device";
        List<KeyValuePair<string, string>> values =
            [.. filters.Values, new("horizon", horizon.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        var rows = JsonRows.Parse(await request.QueryAsync(
            $"SELECT {key}, uniqExact({other}), sum(n), toInt64(max(if(us <= {{horizon:Int64}}, us, 0))), toInt64(max(us)) FROM ("
            + $"SELECT sensor, device, sum(n) AS n, toUnixTimestamp64Micro(tupleElement(max(last), 1)) AS us FROM readings_last_data {filters.Where} "
            + $"GROUP BY sensor, device) GROUP BY {key} {page}",
            values,
            "JSONCompactEachRow"));
        List<CatalogRow> found =
        [
            .. rows.Select(row => new CatalogRow(
                row[0].GetString()!, row[1].GetInt64(), row[2].GetInt64(), row[3].GetInt64(), row[4].GetInt64(), horizon)),
        ];
        await FindPastAsync(request, key, filters, found, horizon);
        return found;
    }

    /// <summary>Where a series of a row has its newest reading in the future, its newest one up to now counts for the row.</summary>
    private static async ValueTask FindPastAsync(ApiRequest request, string key, Filters filters, List<CatalogRow> rows, long horizon)
    {
        var ahead = rows.Where(row => row.IsAhead).Select(row => row.Name).ToList();
        if (ahead.Count == 0)
        {
            return;
        }

        var series = await PastReadings.AheadAsync(request, filters.OneOf(key, ahead), horizon);
        var found = await PastReadings.FindAsync(request, series, horizon);
        foreach (var past in found.GroupBy(pair => key == "device" ? pair.Key.Device : pair.Key.Sensor))
        {
            var at = rows.FindIndex(row => row.Name == past.Key);
            if (at >= 0)
            {
                rows[at] = rows[at] with { SeenUs = Math.Max(rows[at].SeenUs, past.Max(pair => pair.Value.TimeUs)) };
            }
        }
    }

    /// <param name="Name">Device or sensor.</param>
    /// <param name="Others">Its sensors, or its devices.</param>
    /// <param name="Readings">Readings taken into the rollups.</param>
    /// <param name="SeenUs">Newest event time up to now; 0 when there is none.</param>
    /// <param name="NewestUs">Newest event time.</param>
    /// <param name="Horizon">After this the future begins.</param>
    private readonly record struct CatalogRow(string Name, long Others, long Readings, long SeenUs, long NewestUs, long Horizon)
    {
        public static readonly string[] SeenColumns = ["readings", "lastSeen", "clockAhead", "aheadTime"];

        public bool IsAhead => NewestUs > Horizon;

        public object?[] Seen() =>
        [
            Readings, SeenUs > 0 ? TimeText.Format(SeenUs) : null, IsAhead, IsAhead ? TimeText.Format(NewestUs) : null,
        ];
    }
}
