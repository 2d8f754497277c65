using Microsoft.AspNetCore.Http;
using Telemetry.Query.Access;
using Telemetry.Query.Answers;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Limits;
using Telemetry.Query.Parameters;
using Telemetry.Query.Parts;
using Telemetry.Query.Problems;
using Telemetry.Query.Setup;

namespace Telemetry.Query.Endpoints;

/// <summary>One request under way: its parameters, and the store asked on its behalf within the limits.</summary>
internal sealed class ApiRequest : IDisposable
{
    private readonly ApiEndpoint _endpoint;

    public ApiRequest(QueryParts parts, ApiEndpoint endpoint, HttpContext context)
    {
        _endpoint = endpoint;
        Parts = parts;
        Context = context;
        Parameters = new ApiParameters(context, endpoint.Parameters, parts.Options, parts.Services.Time.GetUtcNow());
        Caller = Caller.Of(context);
        if (context.Request.RouteValues.TryGetValue("device", out var device) && device is string id && !Caller.Devices.Sees(id))
        {
            // As for a device that is not there: who may not see it is not told that it is.
            throw NotFound($"Nothing of device '{id}' is stored. Look for names with /api/v1/devices?search=...");
        }

        Store = new StoreReader(parts.Services, parts.Gate, parts.Answers, Parameters.Now, Caller.Devices, context.RequestAborted);
    }

    public QueryParts Parts { get; }

    public QueryOptions Options => Parts.Options;

    public HttpContext Context { get; }

    public HttpResponse Response => Context.Response;

    public string Endpoint => _endpoint.Name;

    /// <summary>Fires when the asker has gone.</summary>
    public CancellationToken Aborted => Context.RequestAborted;

    public ApiParameters Parameters { get; }

    /// <summary>Who asks, and what they may see.</summary>
    public Caller Caller { get; }

    public StoreReader Store { get; }

    public ValueTask<AnswerMeta> MetaAsync() => Parts.Progress.ReadAsync(Aborted);

    public ValueTask<ReadOnlyMemory<byte>> QueryAsync(
        string sql, IReadOnlyList<KeyValuePair<string, string>> values, string format) => Store.QueryAsync(sql, values, format);

    /// <summary>A bounded number of rows in a format of the engine.</summary>
    public ValueTask<ReadOnlyMemory<byte>> QueryTextAsync(
        string sql, IReadOnlyList<KeyValuePair<string, string>> values, OutputFormat format) => QueryAsync(sql, values, format.EngineName());

    /// <summary>Gives what <see cref="QueryTextAsync"/> read.</summary>
    public async ValueTask WriteTextAsync(ReadOnlyMemory<byte> text, OutputFormat format)
    {
        Response.ContentType = format.ContentType();
        if (format.IsText())
        {
            QueryMetrics.GaveRows(Endpoint, Rows(text, format));
        }

        await Response.Body.WriteAsync(text, Aborted);
    }

    /// <summary>Rows in CSV or JSON lines.</summary>
    public static long Rows(ReadOnlyMemory<byte> text, OutputFormat format) =>
        Math.Max(0, text.Span.Count((byte)'\n') - (format == OutputFormat.Csv ? 1 : 0));

    /// <summary>Streams an export from the engine to the asker as it comes.</summary>
    public async ValueTask StreamExportAsync(string sql, IReadOnlyList<KeyValuePair<string, string>> values, OutputFormat format)
    {
        Response.ContentType = format.ContentType();
        var counting = new CountingStream(Response.Body);
        await Store.ExportAsync(sql, values, format.EngineName(), counting);
        if (format.IsText())
        {
            QueryMetrics.GaveRows(Endpoint, Math.Max(0, counting.Lines - (format == OutputFormat.Csv ? 1 : 0)));
        }
    }

    public static ApiProblem NotFound(string detail) => new(404, "not-found", "Nothing there", detail);

    /// <summary>The answer is out, or will not be: what was read for it is let go.</summary>
    public void Dispose() => Store.Dispose();
}
