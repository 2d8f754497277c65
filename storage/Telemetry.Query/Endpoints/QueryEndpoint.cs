using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Catalogue;
using Telemetry.Query.Answers;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Query.Series;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Query.Endpoints;

/// <summary>Many series on one time axis, and all of them in one file.</summary>
internal static class QueryEndpoint
{
    private const string Where = "(device, sensor) IN {series:Array(Tuple(String, String))}";

    public static readonly ApiEndpoint Endpoint = new(
        "query",
        "/query",
        "Many series on one time axis",
        "Body: {\"series\": [{\"device\", \"sensor\"}, ...], \"from\", \"to\", \"step\", \"tz\", \"points\", \"singleReadings\", \"quantiles\": [0.5, 0.95], \"before\"}. All have the same buckets: 't' once, and in each series a value for each of "
        + "them, null where it has none. Quantiles (columns p50, p95, ...) of buckets of whole days of UTC come from the days' sketches, each within about 3 % of its value; others from raw, null where raw is no longer held. With \"step\": \"raw\" each series has its own readings; with \"singleReadings\": true and no step too, when none has more than points. Days begin at midnight in 'tz'. CSV, JSON lines, Parquet and Arrow have a "
        + "row a series and bucket; by 'format' or the Accept header. Columns: time, device, sensor, min, max, mean, first, last, count, quantiles; of single readings time, device, sensor, value, "
        + "special, quality. \"before\": \"1d\" adds the same length of time a day before, in buckets of the same length and not in JSON: the column 'series' is press-07/temperature in the range and "
        + "press-07/temperature@1d before it. Times are UTC. More rows than there may be are refused, in JSON 'truncated' says so.",
        [CommonParameters.Format],
        [.. ApiEndpoint.Tables, OutputFormats.ParquetType, OutputFormats.ArrowType],
        HandleAsync)
    {
        Method = HttpMethods.Post,
    };

    private static async Task HandleAsync(ApiRequest request)
    {
        var format = request.Parameters.Format(columns: true);
        var question = await SeriesQuestion.ReadAsync(request);
        var meta = await request.MetaAsync();
        List<KeyValuePair<string, string>> values = [new("series", EngineText.Pairs(question.Series))];
        var query = await PlanAsync(request, question, values);
        var quantiles = QuantilesOf(question, query);
        var binary = format == OutputFormat.Json;
        var sql = Sql(query, binary, values, quantiles);
        var each = question.Step.Kind == StepKind.Auto ? question.Points : request.Options.PointsMax;
        var spans = question.Before is null ? 1 : 2;
        var most = (int)Math.Min((long)each * question.Series.Count * spans, request.Options.GroupedPointsMax);
        if (!binary)
        {
            if (question.Before is { } before)
            {
                var (earlier, earlierValues) = await BeforeAsync(request, question, query, before);
                sql = before.Join(sql, earlier, earlierValues, values);
            }

            await WriteRowsAsync(request, meta, query, sql, values, format, most);
            return;
        }

        if (question.Before is not null)
        {
            throw SeriesQuestion.Bad("'before' is for files (CSV, JSON lines, Parquet, Arrow). A JSON answer has one axis of times: ask once for each range.");
        }

        var body = await request.QueryAsync($"{sql} LIMIT {most + 1}", values, "RowBinary");
        await WriteJsonAsync(request, meta, question, query, SeriesTable.Read(body.Span, query.IsRaw, quantiles?.Names.Count ?? 0, most), quantiles);
    }

    private static SeriesQuantiles? QuantilesOf(SeriesQuestion question, SeriesQuery query) =>
        question.Quantiles.Count > 0 ? new SeriesQuantiles(question.Quantiles, query.Source != SeriesSource.Raw) : null;

    private static string Sql(SeriesQuery query, bool binary, List<KeyValuePair<string, string>> values, SeriesQuantiles? quantiles) => query.IsRaw
        ? SeriesSql.Raw(query.Range, Where, binary, values, SeriesGroup.Series)
        : SeriesSql.Buckets(query.Segments, Where, SeriesGroup.Series, binary, query.StepUs, values, quantiles, query.Days);

    /// <summary>SELECT of the same length of time before, in the buckets of the range.</summary>
    private static async ValueTask<(string Sql, IReadOnlyList<KeyValuePair<string, string>> Values)> BeforeAsync(
        ApiRequest request, SeriesQuestion question, SeriesQuery query, ComparedSpan before)
    {
        List<KeyValuePair<string, string>> values = [new("series", EngineText.Pairs(question.Series))];
        var earlier = await PlanAsync(
            request,
            question with
            {
                Range = new TimeRange(question.Range.From - before.Length, question.Range.To - before.Length),
                Step = query.IsRaw ? Step.Raw : Step.Fixed(query.StepUs),
                MayBeSingle = false,
            },
            values);
        return (Sql(earlier, binary: false, values, QuantilesOf(question, earlier)), values);
    }

    private static async ValueTask<SeriesQuery> PlanAsync(ApiRequest request, SeriesQuestion question, IReadOnlyList<KeyValuePair<string, string>> values)
    {
        var query = await SeriesPlanner.PlanAsync(
            request.Parts.Horizon, request.Store, Where, values,
            new SeriesAsk(question.Range, question.Step, question.Points, question.Zone, question.MayBeSingle ? SingleReadings.OfEachSeries : SingleReadings.Never));

        if (question.Quantiles.Count == 0)
        {
            return query;
        }

        var held = await request.Parts.Horizon.ReadAsync(request.Aborted);
        var segments = SeriesQuantiles.Segments(query.Segments, held);
        return segments.Any(s => s.Source != SeriesSource.Raw)
            ? query with { Segments = segments, Days = query.Days?.Fine is null ? query.Days : query.Days with { Fine = SeriesSource.Raw } }
            : SeriesQuery.Of(query.Range, query.StepUs, SeriesSource.Raw, [new SeriesSegment(SeriesSource.Raw, query.Range)], held) with { Days = query.Days };
    }

    private static async Task WriteRowsAsync(
        ApiRequest request,
        AnswerMeta meta,
        SeriesQuery query,
        string sql,
        IReadOnlyList<KeyValuePair<string, string>> values,
        OutputFormat format,
        int most)
    {
        ReadOnlyMemory<byte> rows;
        try
        {
            rows = await request.Store.QueryAsync(sql, values, format.EngineName(), most);
        }
        catch (ClickHouseException error) when (error.Code == ClickHouseErrors.TooManyRowsOrBytes)
        {
            throw new ApiProblem(
                422,
                "query-rows-limit",
                "The question is too large",
                $"The answer has more than {most:N0} rows. Ask for a shorter time range, a coarser step or fewer series, or take single readings in bulk from /api/v1/export.");
        }

        meta.WriteTo(request.Response.Headers);
        SeriesHeaders.Write(request.Response.Headers, query);
        request.Response.Headers.ContentDisposition = $"attachment; filename=\"series.{format.Ending()}\"";
        await request.WriteTextAsync(rows, format);
    }

    private static async Task WriteJsonAsync(
        ApiRequest request, AnswerMeta meta, SeriesQuestion question, SeriesQuery query, SeriesTable table, SeriesQuantiles? quantiles)
    {
        var book = request.Parts.Catalogue?.Book;
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, table.HasMore);
        SeriesWriter.Head(writer, query);
        if (!query.IsRaw)
        {
            SeriesWriter.Times(writer, table.Axis);
        }

        writer.WriteStartArray("series");
        foreach (var name in question.Series)
        {
            var known = request.Caller.Devices.Sees(name.Device) ? book : null;
            writer.WriteStartObject();
            writer.WriteString("device", name.Device);
            writer.WriteString("sensor", name.Sensor);
            writer.WriteString("deviceDisplayName", CatalogueJson.Text(known?.Device(name.Device)?.DisplayName));
            SeriesWriter.Sensor(writer, known?.Sensor(name.Device, name.Sensor));
            if (query.IsRaw)
            {
                SeriesWriter.Raw(writer, table.RawOf(name));
            }
            else
            {
                table.WriteOnAxis(writer, name, quantiles?.Names ?? []);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        QueryMetrics.GaveRows(request.Endpoint, table.Rows);
    }
}
