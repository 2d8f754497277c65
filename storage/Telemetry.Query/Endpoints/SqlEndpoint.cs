using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Query.Answers;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Query.Sql;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Query.Endpoints;

/// <summary>SQL for engineers: one SELECT, read-only, within limits.</summary>
internal static class SqlEndpoint
{
    private static readonly ParameterSpec Limit = new("limit", "Most rows given; a statement that has more is cut, and 'truncated' says so. Default 1000.", "1000");

    public static readonly ApiEndpoint Endpoint = new(
        "sql",
        "/sql",
        "Ask in SQL",
        "Body: {\"sql\": \"SELECT ...\"}. One SELECT of ClickHouse's SQL over the tables of docs/storage.md; it is run read-only, within the limits of time, memory and rows of all queries. No SETTINGS, FORMAT, "
        + "system tables, or functions that reach files and networks. Answers {\"columns\": [{\"name\", \"type\"}], \"rows\": [[...]], \"truncated\"}; CSV, JSON lines, Parquet and Arrow by 'format' or the Accept header.",
        [Limit, CommonParameters.Format],
        [.. ApiEndpoint.Tables, OutputFormats.ParquetType, OutputFormats.ArrowType],
        HandleAsync)
    {
        Method = HttpMethods.Post,
    };

    private static async Task HandleAsync(ApiRequest request)
    {
        var format = request.Parameters.Format(columns: true);
        var limit = request.Parameters.Integer(Limit, Math.Min(1_000, request.Options.SqlRowsMax), 1, request.Options.SqlRowsMax);
        using var body = await JsonBody.ReadAsync(request, SqlGuard.StatementBytesMax * 2, Bad);
        if (body.RootElement.ValueKind != JsonValueKind.Object || body.RootElement.GetPropertyCount() != 1
            || !body.RootElement.TryGetProperty("sql", out var text) || text.ValueKind != JsonValueKind.String)
        {
            throw Bad("The body is an object with one member, 'sql'.");
        }

        // A line end closes a comment at the end of the statement.
        var sql = $"SELECT * FROM ({SqlGuard.Check(text.GetString()!, await TableFunctionsAsync(request))}\n) LIMIT {limit + (format == OutputFormat.Json ? 1 : 0)}";
        ReadOnlyMemory<byte> answer;
        try
        {
            answer = await request.Store.QueryAsync(sql, [], format == OutputFormat.Json ? "JSONCompact" : format.EngineName(), isReadOnly: true);
        }
        catch (ClickHouseException error) when (error.Code is not 0 && EngineProblems.From(error, request.Options) is { Status: 500 })
        {
            // What is wrong with a statement is its writer's business, in the engine's words.
            throw Bad(error.Message);
        }

        if (format != OutputFormat.Json)
        {
            request.Response.Headers.ContentDisposition = $"attachment; filename=\"answer.{format.Ending()}\"";
            await request.WriteTextAsync(answer, format);
            return;
        }

        using var table = JsonDocument.Parse(answer);
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WritePropertyName("columns");
        table.RootElement.GetProperty("meta").WriteTo(writer);
        writer.WriteStartArray("rows");
        var rows = table.RootElement.GetProperty("data");
        foreach (var row in rows.EnumerateArray().Take(limit))
        {
            row.WriteTo(writer);
        }

        writer.WriteEndArray();
        writer.WriteBoolean("truncated", rows.GetArrayLength() > limit);
        writer.WriteEndObject();
        QueryMetrics.GaveRows(request.Endpoint, Math.Min(limit, rows.GetArrayLength()));
    }

    /// <summary>Asked each time: it is a table of the engine's own, in memory.</summary>
    private static async ValueTask<IReadOnlySet<string>> TableFunctionsAsync(ApiRequest request) =>
        JsonRows.Parse(await request.QueryAsync("SELECT name FROM system.table_functions", [], "JSONCompactEachRow"))
            .Select(row => row[0].GetString()!).ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static ApiProblem Bad(string detail) => new(400, "bad-sql", "The statement is not usable", detail)
    {
        Example = """{"sql": "SELECT device, max(value) FROM readings_data WHERE sensor = 'temperature' GROUP BY device"}""",
    };
}
