using Microsoft.AspNetCore.Http;
using Telemetry.Query.Answers;
using Telemetry.Query.Limits;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Query.Endpoints;

/// <summary>One request under way: its parameters, and the store asked on its behalf within the limits.</summary>
internal sealed class ApiRequest(QueryRole role, ApiEndpoint endpoint, HttpContext context)
{
    public QueryRole Role => role;

    public QueryOptions Options => role.Options;

    public HttpContext Context => context;

    public HttpResponse Response => context.Response;

    public string Endpoint => endpoint.Name;

    /// <summary>Fires when the asker has gone.</summary>
    public CancellationToken Aborted => context.RequestAborted;

    public ApiParameters Parameters { get; } =
        new(context, endpoint.Parameters, role.Options, role.Services.Time.GetUtcNow());

    public ValueTask<AnswerMeta> MetaAsync() => role.Progress.ReadAsync(Aborted);

    public async ValueTask<ReadOnlyMemory<byte>> QueryAsync(
        string sql, IReadOnlyList<KeyValuePair<string, string>> values, string format)
    {
        using var place = await role.Gate.EnterAsync(Aborted);
        var query = new ClickHouseQuery($"{sql} {QuerySettings.For(Options)}", values, format);
        return (await role.Services.ClickHouse.QueryAsync(query, Aborted)).Body;
    }

    /// <summary>Streams rows from the engine to the asker as they come: nothing is held but one block.</summary>
    public async ValueTask StreamAsync(
        string sql, IReadOnlyList<KeyValuePair<string, string>> values, OutputFormat format, bool export = false)
    {
        using var place = await role.Gate.EnterAsync(Aborted);
        Response.ContentType = ContentType(format);
        var settings = export ? QuerySettings.ForExport(Options) : QuerySettings.For(Options);
        var query = new ClickHouseQuery(
            $"{sql} {settings}", values, format == OutputFormat.Csv ? "CSVWithNames" : "JSONEachRow");
        var counting = new CountingStream(Response.Body);
        await role.Services.ClickHouse.StreamAsync(query, counting, Aborted);
        QueryMetrics.GaveRows(Endpoint, Math.Max(0, counting.Lines - (format == OutputFormat.Csv ? 1 : 0)));
    }

    public static string ContentType(OutputFormat format) => format switch
    {
        OutputFormat.Csv => "text/csv; charset=utf-8; header=present",
        OutputFormat.JsonLines => "application/x-ndjson",
        _ => "application/json",
    };

    public static ApiProblem NotFound(string detail) => new(404, "not-found", "Nothing there", detail);
}
