using System.Text.Json;
using Telemetry.Contracts.Catalogue;
using Telemetry.Query.Answers;
using Telemetry.Query.Catalogue;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Query.Series;

namespace Telemetry.Query.Endpoints;

/// <summary>Values over time.</summary>
internal static class SeriesEndpoints
{
    private const string Note =
        "Buckets are aligned to 1970-01-01T00:00:00Z (days to midnight in 'tz', where it is given; a day that begins at no whole hour of UTC is cut there by minutes) and given whole, so the answer's from and to may lie a little outside those asked; "
        + "empty buckets are left out. 'source' is the coarsest table read, 'segments' says which part came from where: the newest part "
        + "comes from raw, so nothing waits for a rollup. Where raw or minutes are past their retention, the step grows to what is still "
        + "held, and 'completeFrom' is the time before which even that has gaps. CSV and JSON lines give a bounded number of rows and are "
        + "refused when there are more: 'export' gives raw readings of any number.";

    private static readonly ParameterSpec Group = new(
        "group", "One series for each of these instead of one over all: device, " + string.Join(", ", CatalogueFilter.Places) + ".", "line");

    private static readonly ParameterSpec Groups = new("limit", "With group: most groups, by name.", "20");

    private static readonly ParameterSpec[] Shape =
    [
        CommonParameters.From, CommonParameters.To, CommonParameters.Step, CommonParameters.Points, CommonParameters.Format, CommonParameters.Zone,
    ];

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "series", "/series", "One sensor of one device over time",
            Note + " Columns: t (Unix ms), min, max, mean, first, last, count; of single readings: t, value, special, quality.",
            [CommonParameters.Device with { Required = true }, CommonParameters.Sensor with { Required = true }, .. Shape],
            ApiEndpoint.Tables,
            SeriesAsync),
        new(
            "sensor-series", "/sensors/{sensor}/series", "One sensor over all devices",
            Note + " Columns as 'series'; never single readings (use 'export' for those). Of devices at a place, of a type or with a tag where those are given. A group is "
                + "named by 'group', and 'device' too with group=device; devices without such a place are in none.",
            [CommonParameters.SensorPath, Group, Groups, .. CatalogueFilter.Parameters, .. Shape],
            ApiEndpoint.Tables,
            SensorSeriesAsync),
    ];

    private static async Task SeriesAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var device = parameters.RequiredName(CommonParameters.Device);
        var sensor = parameters.RequiredName(CommonParameters.Sensor);
        var range = parameters.Range(TimeSpan.FromHours(1));
        var step = parameters.Step();
        var points = parameters.Points();
        var format = parameters.Format();
        const string where = "sensor = {sensor:String} AND device = {device:String}";
        List<KeyValuePair<string, string>> values = [new("sensor", sensor), new("device", device)];
        var meta = await request.MetaAsync();
        var query = await SeriesPlanner.PlanAsync(
            request.Parts.Horizon, request.Store, where, values, new SeriesAsk(range, step, points, parameters.Text(CommonParameters.Zone), SingleReadings.OfOneSeries));
        var binary = format == OutputFormat.Json;
        var sql = query.IsRaw
            ? SeriesSql.Raw(query.Range, where, binary, values)
            : SeriesSql.Buckets(query.Segments, where, group: null, binary, query.StepUs, values, days: query.Days);
        var most = Most(request, step, points);
        if (!binary)
        {
            await WriteTextAsync(request, meta, query, sql, values, format, most);
            return;
        }

        var body = await request.QueryAsync($"{sql} LIMIT {most + 1}", values, "RowBinary");
        var (raw, buckets) = Read(body.Span, query.IsRaw);
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, truncated: raw.Count + buckets.Count > most);
        writer.WriteString("device", device);
        writer.WriteString("sensor", sensor);
        var book = request.Parts.Catalogue?.Book;
        writer.WriteString("deviceDisplayName", CatalogueJson.Text(book?.Device(device)?.DisplayName));
        SeriesWriter.Sensor(writer, book?.Sensor(device, sensor));
        SeriesWriter.Head(writer, query);
        if (query.IsRaw)
        {
            SeriesWriter.Raw(writer, raw.Count > most ? raw[..most] : raw);
        }
        else
        {
            SeriesWriter.Points(writer, buckets.Count > most ? buckets[..most] : buckets);
        }

        writer.WriteEndObject();
        QueryMetrics.GaveRows(request.Endpoint, Math.Min(most, raw.Count + buckets.Count));
    }

    private static async Task SensorSeriesAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var sensor = parameters.Name(CommonParameters.SensorPath)!;
        var groups = parameters.Integer(Groups, Math.Min(20, request.Options.GroupsMax), 1, request.Options.GroupsMax);
        var range = parameters.Range(TimeSpan.FromHours(1));
        var step = parameters.Step();
        var points = parameters.Points();
        var format = parameters.Format();
        if (step.Kind == StepKind.Raw)
        {
            throw ApiProblem.BadParameter("step", "Single readings over all devices are an export; ask /api/v1/export?sensor=...", "1m");
        }

        var meta = await request.MetaAsync();
        var grouping = await SensorGroups.FindAsync(request, sensor, parameters.Text(Group), groups);
        List<KeyValuePair<string, string>> values = [.. grouping.Values];
        var where = grouping.Where;
        var query = await SeriesPlanner.PlanAsync(
            request.Parts.Horizon,
            request.Store,
            where,
            values,
            new SeriesAsk(range, step, points, parameters.Text(CommonParameters.Zone), SingleReadings.Never) { OfAllDevices = grouping.AreAllDevices });
        var binary = format == OutputFormat.Json;
        var sql = SeriesSql.Buckets(query.Segments, where, grouping.Key, binary, query.StepUs, values, days: query.Days);
        var most = Most(request, step, points);
        most = grouping.Key is not null ? (int)Math.Min((long)most * groups, request.Options.GroupedPointsMax) : most;
        if (!binary)
        {
            await WriteTextAsync(request, meta, query, sql, values, format, most);
            return;
        }

        var body = await request.QueryAsync($"{sql} LIMIT {most + 1}", values, "RowBinary");
        await WriteSensorAsync(request, meta, query, sensor, body, grouping, most);
    }

    private static async Task WriteSensorAsync(
        ApiRequest request, AnswerMeta meta, SeriesQuery query, string sensor, ReadOnlyMemory<byte> body, SensorGroups grouping, int most)
    {
        var book = request.Parts.Catalogue?.Book;
        var (series, rows) = ReadGroups(body.Span, grouping.Key is not null, most);
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, truncated: rows > most || grouping.HasMore);
        writer.WriteString("sensor", sensor);
        SeriesWriter.Sensor(writer, grouping.Common(book, sensor));
        SeriesWriter.Head(writer, query);
        if (grouping.Key is not null)
        {
            writer.WriteStartArray("groups");
            foreach (var (group, points) in series)
            {
                writer.WriteStartObject();
                writer.WriteString("group", group);
                if (grouping.IsByDevice)
                {
                    writer.WriteString("device", group);
                    writer.WriteString("deviceDisplayName", CatalogueJson.Text(book?.Device(group)?.DisplayName));
                    SeriesWriter.Sensor(writer, book?.Sensor(group, sensor));
                }

                SeriesWriter.Points(writer, points);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }
        else
        {
            SeriesWriter.Points(writer, series.Count == 0 ? [] : series[0].Points);
        }

        writer.WriteEndObject();
        QueryMetrics.GaveRows(request.Endpoint, Math.Min(most, rows));
    }

    /// <summary>
    /// A cut CSV looks like a whole one, so more rows than there may be are refused. They are read from the engine whole: a slow reader
    /// holds no place of the engine.
    /// </summary>
    private static async Task WriteTextAsync(
        ApiRequest request,
        AnswerMeta meta,
        SeriesQuery query,
        string sql,
        IReadOnlyList<KeyValuePair<string, string>> values,
        OutputFormat format,
        int most)
    {
        var text = await request.QueryTextAsync($"{sql} LIMIT {most + 1}", values, format);
        if (ApiRequest.Rows(text, format) > most)
        {
            throw new ApiProblem(
                422,
                "query-rows-limit",
                "The question is too large",
                $"The answer has more than {most:N0} rows, the most that are given here in this format. Ask for a shorter time range or a coarser "
                + $"step, for more points (up to {request.Options.PointsMax:N0}), or take single readings in bulk from /api/v1/export.");
        }

        meta.WriteTo(request.Response.Headers);
        SeriesHeaders.Write(request.Response.Headers, query);
        await request.WriteTextAsync(text, format);
    }

    /// <summary>Points given at most: those asked for with auto (it keeps to them by itself), else the limit.</summary>
    private static int Most(ApiRequest request, Step step, int points) =>
        step.Kind == StepKind.Auto || request.Context.Request.Query.ContainsKey("points") ? points : request.Options.PointsMax;

    private static (List<RawPoint> Raw, List<SeriesPoint> Buckets) Read(ReadOnlySpan<byte> body, bool isRaw)
    {
        var reader = new SeriesReader(body);
        var raw = new List<RawPoint>();
        var buckets = new List<SeriesPoint>();
        while (!reader.AtEnd)
        {
            if (isRaw)
            {
                raw.Add(reader.ReadRaw());
            }
            else
            {
                buckets.Add(reader.ReadPoint());
            }
        }

        return (raw, buckets);
    }

    private static (List<(string Device, List<SeriesPoint> Points)> Series, int Rows) ReadGroups(ReadOnlySpan<byte> body, bool grouped, int most)
    {
        var reader = new SeriesReader(body);
        var series = new List<(string Device, List<SeriesPoint> Points)>();
        var rows = 0;
        while (!reader.AtEnd)
        {
            var device = grouped ? reader.ReadString() : "";
            var point = reader.ReadPoint();
            if (++rows > most)
            {
                break;
            }

            if (series.Count == 0 || series[^1].Device != device)
            {
                series.Add((device, []));
            }

            series[^1].Points.Add(point);
        }

        return (series, rows);
    }
}
