using Telemetry.Query.Answers;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Query.Series;

namespace Telemetry.Query.Endpoints;

/// <summary>Raw readings in bulk.</summary>
internal static class ExportEndpoint
{
    public static readonly ApiEndpoint Endpoint = new(
        "export",
        "/export",
        "Raw readings of a range, streamed",
        "CSV (default), JSON lines, Parquet or Arrow, straight from the store: nothing is buffered. Columns: time, device, sensor, value, special, "
        + "quality, boot, sequence. Ordered by sensor, device and time. Too many readings are refused before the first byte; an export "
        + "that breaks off closes the connection without its end, so that a short file cannot pass for a whole one.",
        [CommonParameters.Device, CommonParameters.Sensor, CommonParameters.From, CommonParameters.To, CommonParameters.Format],
        ["text/csv", "application/x-ndjson", OutputFormats.ParquetType, OutputFormats.ArrowType],
        HandleAsync);

    private static async Task HandleAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var filters = new Filters()
            .Equal("device", "String", parameters.Name(CommonParameters.Device))
            .Equal("sensor", "String", parameters.Name(CommonParameters.Sensor))
            .Within("event_time", parameters.Range(TimeSpan.FromHours(1)));
        var format = parameters.Format(OutputFormat.Csv, columns: true);
        if (format == OutputFormat.Json)
        {
            throw ApiProblem.BadParameter("format", "An export is streamed: csv, jsonl, parquet or arrow, not json.", "csv");
        }

        using var place = await request.Parts.ExportGate.EnterAsync(request.Aborted);
        var meta = await request.MetaAsync();
        var count = JsonRows.Parse(await request.QueryAsync(
            $"SELECT count() FROM readings_data {filters.Where}", filters.Values, "JSONCompactEachRow"))[0][0].GetInt64();
        if (count > request.Options.ExportRowsMax)
        {
            throw new ApiProblem(
                422,
                "query-rows-limit",
                "The question is too large",
                $"That are {count:N0} readings; one export gives up to {request.Options.ExportRowsMax:N0}. Ask for a shorter time range or one device.");
        }

        meta.WriteTo(request.Response.Headers);
        request.Response.Headers["Telemetry-Rows"] = count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        request.Response.Headers.ContentDisposition = $"attachment; filename=\"readings.{format.Ending()}\"";
        await request.StreamExportAsync(
            $"SELECT event_time AS time, device, sensor, {RawColumns.Value}, {RawColumns.Special}, quality, toString(boot) AS boot, sequence "
            + $"FROM readings_data {filters.Where} ORDER BY sensor, device, event_time",
            filters.Values,
            format);
    }
}
