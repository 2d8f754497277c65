using System.Text.Json;
using Telemetry.Query.Answers;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Endpoints;

/// <summary>What there is: devices and sensors, out of the table of latest values (a row a series).</summary>
internal static class CatalogEndpoints
{
    private const string Note = "A name appears up to 5 s after its first reading. ";

    private const string Counts =
        "sum(n) AS readings, tupleElement(max(last), 1) AS lastSeen";

    private static readonly ParameterSpec Search = new(
        "search", "Only names that contain this text, upper and lower case alike.", "press");

    private static readonly ParameterSpec[] Page = [CommonParameters.Limit, CommonParameters.Offset, CommonParameters.Format];

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "devices", "/devices", "Devices, by name", Note + "Columns: device, sensors, readings, lastSeen.",
            [Search, .. Page], ApiEndpoint.Tables, DevicesAsync),
        new(
            "device", "/devices/{device}", "One device", Note + "404 when nothing of it is stored.",
            [CommonParameters.DevicePath], ApiEndpoint.Json, DeviceAsync),
        new(
            "device-sensors", "/devices/{device}/sensors", "Sensors of a device", Note + "Columns: sensor, readings, lastSeen.",
            [CommonParameters.DevicePath, Search, .. Page], ApiEndpoint.Tables, DeviceSensorsAsync),
        new(
            "sensors", "/sensors", "Sensor names over all devices", Note + "Columns: sensor, devices, readings, lastSeen.",
            [Search, .. Page], ApiEndpoint.Tables, SensorsAsync),
    ];

    private static Task DevicesAsync(ApiRequest request)
    {
        var filters = new Filters().Contains("device", request.Parameters.Text(Search));
        return TableAnswer.WriteAsync(
            request,
            "devices",
            $"SELECT device, uniqExact(sensor) AS sensors, {Counts} FROM readings_last_data {filters.Where} GROUP BY device ORDER BY device",
            filters.Values);
    }

    private static Task DeviceSensorsAsync(ApiRequest request)
    {
        var filters = new Filters()
            .Equal("device", "String", request.Parameters.Name(CommonParameters.DevicePath))
            .Contains("sensor", request.Parameters.Text(Search));
        return TableAnswer.WriteAsync(
            request,
            "sensors",
            $"SELECT sensor, {Counts} FROM readings_last_data {filters.Where} GROUP BY sensor ORDER BY sensor",
            filters.Values);
    }

    private static Task SensorsAsync(ApiRequest request)
    {
        var filters = new Filters().Contains("sensor", request.Parameters.Text(Search));
        return TableAnswer.WriteAsync(
            request,
            "sensors",
            $"SELECT sensor, uniqExact(device) AS devices, {Counts} FROM readings_last_data {filters.Where} GROUP BY sensor ORDER BY sensor",
            filters.Values);
    }

    private static async Task DeviceAsync(ApiRequest request)
    {
        var device = request.Parameters.Name(CommonParameters.DevicePath)!;
        var filters = new Filters().Equal("device", "String", device);
        var meta = await request.MetaAsync();
        var rows = JsonRows.Parse(await request.QueryAsync(
            $"SELECT uniqExact(sensor) AS sensors, {Counts} FROM readings_last_data {filters.Where} GROUP BY device",
            filters.Values,
            "JSONEachRow"));
        if (rows.Count == 0)
        {
            throw ApiRequest.NotFound($"Nothing of device '{device}' is stored. Look for names with /api/v1/devices?search=...");
        }

        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, truncated: false);
        writer.WriteString("device", device);
        foreach (var property in rows[0].EnumerateObject())
        {
            property.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
