using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Telemetry.ClickHouseServer.Engine;
using Telemetry.ClickHouseServer.Errors;
using Telemetry.ClickHouseServer.Options;
using Telemetry.ClickHouseServer.Requests;
using Telemetry.ClickHouseServer.Responses;
using Telemetry.ClickHouseServer.Running;
using Telemetry.ClickHouseServer.Sql;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.ClickHouseServer;

/// <summary>One request to <c>/</c>: read, run, answered.</summary>
internal sealed class QueryHandler(
    EnginePool pool,
    RunningQueries running,
    Credentials credentials,
    EngineFacts facts,
    ClickHouseServerOptions options,
    ServerMetrics metrics,
    ILogger logger)
{
    /// <summary>A form's fields are parameters of a statement.</summary>
    private readonly Microsoft.AspNetCore.Http.Features.FormOptions _form = new()
    {
        ValueLengthLimit = options.StatementBytesMax,
        MultipartBodyLengthLimit = options.StatementBytesMax * 2L,
    };

    public async Task HandleAsync(HttpContext context)
    {
        await using var response = new ClientResponse(context, options, facts);
        try
        {
            response.SetCommon(null);
            var user = credentials.Check(context.Request);
            var form = await ReadFormAsync(context);
            var request = RequestParser.Parse(context.Request, form, user);
            response.SetCommon(request.QueryId);
            var hasBody = form is null && HasBody(context.Request);
            if (request.Query.Length == 0 && !hasBody && request.ReadOnly)
            {
                await context.Response.WriteAsync("Ok.\n", context.RequestAborted);
                return;
            }

            await RunAsync(context, request, hasBody, response);
        }
        catch (ClickHouseException e)
        {
            metrics.Failed(e.Code);
            await response.FailAsync(e);
        }
        catch (Exception e) when (e is IOException or BadHttpRequestException or OperationCanceledException)
        {
            // The client is gone, or never took its answer: nobody is left to tell.
            metrics.Failed(ErrorCodes.NetworkError);
            Log.ClientGone(logger, e.Message);
            context.Abort();
        }
    }

    private async Task RunAsync(HttpContext context, ClientRequest request, bool hasBody, ClientResponse response)
    {
        var coding = context.Request.Headers.ContentEncoding.ToString().ToLowerInvariant();
        await using var decoded = hasBody ? ContentCodings.Decompress(context.Request.Body, coding) : null;
        var body = decoded is null ? null : new BodyReader(decoded, options);
        var text = await StatementText.ReadAsync(request.Query, body, options, context.RequestAborted);

        // KILL must also work where no more statements are taken.
        if (text.Statement.Kind == SqlKind.Kill)
        {
            Check(request, text.Statement);
            var killed = await new KillStatement(pool, running).RunAsync(text.Sql, text.Statement, request, context.RequestAborted);
            await AnswerAsync(request, text.Statement, killed, response, context.RequestAborted);
            return;
        }

        var query = running.Add(request.QueryId, request.User);
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        EngineAnswer answer;
        try
        {
            query.Sql = Encoding.UTF8.GetString(text.Sql, 0, Math.Min(text.Statement.End, 16 * 1024));
            Check(request, text.Statement);
            using var file = await SpoolAsync(text, body, request, query, context);
            answer = await RunOnEngineAsync(context, request, text, file, query, response);
        }
        finally
        {
            running.Remove(query);
            metrics.Ended(text.Statement.Kind, started);
        }

        await AnswerAsync(request, text.Statement, answer, response, context.RequestAborted);
    }

    private async Task<EngineAnswer> RunOnEngineAsync(
        HttpContext context, ClientRequest request, StatementText text, InsertFile? file, RunningQuery query, ClientResponse response)
    {
        var engine = await pool.RentAsync();
        try
        {
            await RequestSettings.ApplyAsync(engine, request);
            query.Killed.ThrowIfCancellationRequested();
            var runner = new StatementRunner(engine, request, query);
            var (sql, statement, _) = text;
            if (statement.Kind == SqlKind.Rows)
            {
                response.Prepare(statement.Format ?? request.DefaultFormat, request.Coding, request.WaitEndOfQuery);
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(
                    query.Killed, request.CancelOnClose ? context.RequestAborted : CancellationToken.None);
                return await runner.SelectAsync(sql, statement, response, stop.Token);
            }

            return file is not null
                ? await runner.InsertAsync(sql, statement, file, query.Killed)
                : await runner.OtherAsync(sql, statement, query.Killed);
        }
        catch (OperationCanceledException) when (query.Killed.IsCancellationRequested)
        {
            throw new ClickHouseException(
                ErrorCodes.QueryWasCancelled, ErrorCodes.Text(ErrorCodes.QueryWasCancelled, "Query was cancelled"));
        }
        finally
        {
            var kind = text.Statement.Kind;
            var changed = kind is SqlKind.Session or SqlKind.Other || request.Settings.Count > 0 || request.ReadOnly
                || request.Database is not ("" or "default");
            await pool.ReturnAsync(engine, changed);
        }
    }

    /// <summary>Data of an INSERT, behind the statement's text and in the rest of the body.</summary>
    /// <returns>Null when the statement has none, or carries its values with placeholders in them.</returns>
    private async ValueTask<InsertFile?> SpoolAsync(
        StatementText text, BodyReader? body, ClientRequest request, RunningQuery query, HttpContext context)
    {
        var statement = text.Statement;
        if (statement.Kind != SqlKind.InsertData || (request.Parameters.Count > 0 && statement.Format == "Values" && !text.BodyLeft))
        {
            return null;
        }

        var file = new InsertFile(options.InsertMemoryBytes, options.TemporaryFolder);
        try
        {
            if (statement.DataAt < text.Sql.Length)
            {
                file.Append(text.Sql.AsSpan(statement.DataAt));
            }

            if (text.BodyLeft && body is not null)
            {
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, query.Killed);
                await body.CopyToAsync(file, stop.Token);
            }

            return file;
        }
        catch (OperationCanceledException) when (query.Killed.IsCancellationRequested)
        {
            file.Dispose();
            throw new ClickHouseException(
                ErrorCodes.QueryWasCancelled, ErrorCodes.Text(ErrorCodes.QueryWasCancelled, "Query was cancelled"));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static async ValueTask AnswerAsync(
        ClientRequest request, Statement statement, EngineAnswer answer, ClientResponse response, CancellationToken cancellationToken)
    {
        if (statement.Kind != SqlKind.Rows)
        {
            var coding = answer.Body.Length > 0 ? request.Coding : null;
            response.Prepare(answer.Body.Length > 0 ? statement.Format ?? request.DefaultFormat : null, coding, wait: true);
            await response.WriteAsync(answer.Body, cancellationToken);
        }

        await response.CompleteAsync(answer, cancellationToken);
    }

    private static void Check(ClientRequest request, Statement statement)
    {
        if (statement.Kind == SqlKind.Empty)
        {
            throw new ClickHouseException(ErrorCodes.SyntaxError, ErrorCodes.Text(ErrorCodes.SyntaxError, "Syntax error: failed at position 1 (end of query): Empty query"));
        }

        if (request.ReadOnly && !statement.ReadOnly)
        {
            throw new ClickHouseException(
                ErrorCodes.Readonly,
                ErrorCodes.Text(
                    ErrorCodes.Readonly,
                    "default: Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. "
                    + "You should use method POST for modifying queries"));
        }
    }

    private async ValueTask<IFormCollection?> ReadFormAsync(HttpContext context)
    {
        if (context.Request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) != true)
        {
            return null;
        }

        var form = await context.Request.ReadFormAsync(_form, context.RequestAborted);
        return form.Files.Count == 0
            ? form
            : throw new ClickHouseException(
                ErrorCodes.NotImplemented, ErrorCodes.Text(ErrorCodes.NotImplemented, "External tables in a multipart body are not served here"));
    }

    private static bool HasBody(HttpRequest request) =>
        request.ContentLength > 0 || (request.ContentLength is null && request.Headers.TransferEncoding.Count > 0);
}
