using System.Text.Json;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Text;
using Telemetry.Query.Answers;
using Telemetry.Query.Catalogue;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Endpoints;

/// <summary>What there is: devices and sensors, out of the table of latest values (a row a series).</summary>
internal static class DeviceEndpoints
{
    private const string Note = "A name appears up to 5 s after its first reading. ";

    private const string LastSeen =
        "readings, lastSeen, clockAhead, aheadTime. lastSeen passes over readings in the future, which come from a wrong clock: they make "
        + "clockAhead true, and aheadTime is the newest of them.";

    private static readonly ParameterSpec[] Page = [CommonParameters.Limit, CommonParameters.Offset, CommonParameters.Cursor, CommonParameters.Format];

    private static readonly string[] DeviceColumns =
        ["device", "displayName", "type", "enterprise", "site", "area", "line", "cell", "tags", "expectedInterval", "sensors", .. DeviceRow.SeenColumns];

    private static readonly string[] SensorColumns = ["sensor", "displayName", "unit", "unitCode", "kind", "decimals", .. DeviceRow.SeenColumns];

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "devices", "/devices", "Devices, by name",
            Note + "Those of which something is stored. With place, type or tag those of which the catalogue says so; 'search' finds display names too. Columns: device, "
            + "displayName, type, enterprise, site, area, line, cell, tags, expectedInterval, sensors, " + LastSeen,
            [CommonParameters.Search, .. CatalogueFilter.Parameters, .. Page], ApiEndpoint.Tables, DevicesAsync),
        new(
            "device", "/devices/{device}", "One device", Note + "404 when nothing of it is stored. Fields as the columns of devices.",
            [CommonParameters.DevicePath], ApiEndpoint.Json, DeviceAsync),
        new(
            "device-sensors", "/devices/{device}/sensors", "Sensors of a device",
            Note + "Columns: sensor, displayName, unit, unitCode, kind, decimals, " + LastSeen,
            [CommonParameters.DevicePath, CommonParameters.Search, .. Page], ApiEndpoint.Tables, DeviceSensorsAsync),
        new(
            "sensors", "/sensors", "Sensor names over all devices", Note + "Columns: sensor, devices, " + LastSeen,
            [CommonParameters.Search, .. Page], ApiEndpoint.Tables, SensorsAsync),
    ];

    private static async Task DevicesAsync(ApiRequest request)
    {
        var filter = CatalogueFilter.Of(request.Parameters);
        if (filter.AsksCatalogue)
        {
            // Half a catalogue would give half the devices.
            CatalogueEndpoints.Desk(request);
        }

        var chosen = filter.IsAll ? null : await PlantDevices.TryFindAsync(request, new Filters(), filter, PlantDevices.DevicesMax);
        if (chosen is null && filter.AsksCatalogue)
        {
            throw PlantDevices.TooMany();
        }

        // Among more devices than are looked through here, text is looked for in their names only.
        await ListAsync(
            request,
            "devices",
            "device",
            chosen is null ? new Filters().Contains("device", request.Parameters.Text(CommonParameters.Search)) : new Filters(),
            DeviceColumns,
            row => [row.Name, .. OfDevice(request, row.Name), row.Others, .. row.Seen()],
            chosen);
    }

    private static Task DeviceSensorsAsync(ApiRequest request)
    {
        var device = request.Parameters.RequiredName(CommonParameters.DevicePath);
        return ListAsync(
            request,
            "sensors",
            "sensor",
            new Filters().Equal("device", "String", device).Contains("sensor", request.Parameters.Text(CommonParameters.Search)),
            SensorColumns,
            row => [row.Name, .. OfSensor(request, device, row.Name), .. row.Seen()]);
    }

    private static Task SensorsAsync(ApiRequest request) => ListAsync(
        request,
        "sensors",
        "sensor",
        new Filters().Contains("sensor", request.Parameters.Text(CommonParameters.Search)),
        ["sensor", "devices", .. DeviceRow.SeenColumns],
        row => [row.Name, row.Others, .. row.Seen()]);

    /// <param name="request">Request.</param>
    /// <param name="name">Name of the rows in JSON.</param>
    /// <param name="key">Column that names a row: device or sensor.</param>
    /// <param name="filters">Which series.</param>
    /// <param name="columns">Names of the columns.</param>
    /// <param name="cells">A value for each column.</param>
    /// <param name="chosen">The rows there are, by name; null: those of the filters.</param>
    private static async Task ListAsync(
        ApiRequest request,
        string name,
        string key,
        Filters filters,
        IReadOnlyList<string> columns,
        Func<DeviceRow, IReadOnlyList<object?>> cells,
        IReadOnlyList<string>? chosen = null)
    {
        var (limit, offset) = request.Parameters.Page();
        var after = request.Parameters.After();
        var format = request.Parameters.Format();
        var meta = await request.MetaAsync();
        if (chosen is not null)
        {
            var page = chosen.SkipWhile(one => string.CompareOrdinal(one, after) <= 0).Skip(offset).Take(limit + 1);
            filters.OneOf(key, page, "chosen");
        }
        else if (after.Length > 0)
        {
            filters.Is($"{key} > {{after:String}}").Value("after", after);
        }

        var rows = await ReadAsync(request, key, filters, $"ORDER BY {key} LIMIT {limit + 1} OFFSET {(chosen is null ? offset : 0)}");
        await TableAnswer.WriteAsync(
            request,
            meta,
            name,
            columns,
            [.. rows.Take(limit).Select(cells)],
            rows.Count > limit ? offset + limit : null,
            format,
            rows.Count > limit ? PageCursor.Write(rows[limit - 1].Name) : null);
    }

    private static async Task DeviceAsync(ApiRequest request)
    {
        var device = request.Parameters.RequiredName(CommonParameters.DevicePath);
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
        TableAnswer.Write(writer, DeviceColumns, [device, .. OfDevice(request, device), rows[0].Others, .. rows[0].Seen()]);
        writer.WriteEndObject();
    }

    /// <summary>What the catalogue says of a device, as the columns have it.</summary>
    private static object?[] OfDevice(ApiRequest request, string device)
    {
        var entry = request.Parts.Catalogue?.Book.Device(device);
        return
        [
            CatalogueJson.Text(entry?.DisplayName), CatalogueJson.Text(entry?.Type), CatalogueJson.Text(entry?.Enterprise), CatalogueJson.Text(entry?.Site),
            CatalogueJson.Text(entry?.Area), CatalogueJson.Text(entry?.Line), CatalogueJson.Text(entry?.Cell), CatalogueJson.TagsOf(entry), CatalogueJson.IntervalOf(entry),
        ];
    }

    /// <summary>What the catalogue says of a sensor, as the columns have it.</summary>
    private static object?[] OfSensor(ApiRequest request, string device, string sensor)
    {
        var entry = request.Parts.Catalogue?.Book.Sensor(device, sensor);
        return
        [
            CatalogueJson.Text(entry?.DisplayName), CatalogueJson.UnitOf(entry), CatalogueJson.UnitCodeOf(entry), entry is null ? null : CatalogueJson.KindOf(entry),
            entry is { HasDecimals: true } ? (long)entry.Decimals : null,
        ];
    }

    private static async ValueTask<List<DeviceRow>> ReadAsync(ApiRequest request, string key, Filters filters, string page)
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
        List<DeviceRow> found =
        [
            .. rows.Select(row => new DeviceRow(
                row[0].GetString()!, row[1].GetInt64(), row[2].GetInt64(), row[3].GetInt64(), row[4].GetInt64(), horizon)),
        ];
        await FindPastAsync(request, key, filters, found, horizon);
        return found;
    }

    /// <summary>Where a series of a row has its newest reading in the future, its newest one up to now counts for the row.</summary>
    private static async ValueTask FindPastAsync(ApiRequest request, string key, Filters filters, List<DeviceRow> rows, long horizon)
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
    private readonly record struct DeviceRow(string Name, long Others, long Readings, long SeenUs, long NewestUs, long Horizon)
    {
        public static readonly string[] SeenColumns = ["readings", "lastSeen", "clockAhead", "aheadTime"];

        public bool IsAhead => NewestUs > Horizon;

        public object?[] Seen() =>
        [
            Readings, SeenUs > 0 ? TimeText.Format(SeenUs) : null, IsAhead, IsAhead ? TimeText.Format(NewestUs) : null,
        ];
    }
}
