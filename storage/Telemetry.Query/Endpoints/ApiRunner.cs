using Microsoft.AspNetCore.Http;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Parts;
using Telemetry.Query.Problems;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Query.Endpoints;

/// <summary>Runs a handler and turns every way it can end into an answer and a count.</summary>
internal static class ApiRunner
{
    private const int ClientClosedRequest = 499;

    public static async Task RunAsync(QueryParts parts, ApiEndpoint endpoint, HttpContext context)
    {
        var time = parts.Services.Time;
        var start = time.GetTimestamp();
        var status = 500;
        try
        {
            using var request = new ApiRequest(parts, endpoint, context);
            await endpoint.Handler(request);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            status = context.Response.StatusCode;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || parts.Stopping.IsCancellationRequested)
        {
            status = ClientClosedRequest;
        }
        catch (ApiProblem problem)
        {
            status = await AnswerAsync(parts, context, problem, problem);
        }
        catch (ClickHouseException error)
        {
            var problem = EngineProblems.From(error, parts.Options);
            if (problem.Status >= 500)
            {
                parts.Logger.StoreRefused(context.Request.Path, error.Code, error);
            }

            status = await AnswerAsync(parts, context, problem, error);
        }
        catch (Exception error) when (error is IOException or BadHttpRequestException && context.RequestAborted.IsCancellationRequested)
        {
            status = ClientClosedRequest;
        }
        catch (Exception error)
        {
            parts.Logger.RequestFailed(context.Request.Method, context.Request.Path, error);
            var problem = new ApiProblem(500, "internal", "This went wrong here", "The error is logged; trying again may help.");
            status = await AnswerAsync(parts, context, problem, error);
        }
        finally
        {
            QueryMetrics.Answered(endpoint.Name, status, time.GetElapsedTime(start));
        }
    }

    private static async ValueTask<int> AnswerAsync(QueryParts parts, HttpContext context, ApiProblem problem, Exception error)
    {
        QueryMetrics.TurnedAway(problem.Code);
        if (context.Response.HasStarted)
        {
            // The status is out already. A cut connection is the one sign left that the rows are not all.
            parts.Logger.BrokenOff(context.Request.Path, error);
            context.Abort();
            return problem.Status;
        }

        await ProblemWriter.WriteAsync(context, problem);
        return problem.Status;
    }
}
