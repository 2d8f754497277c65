using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Measurement;
using Telemetry.Query.Operations;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Streams;

namespace Telemetry.Query.Endpoints;

/// <summary>What operators do with a running platform: dead letters, lag, backtests, audits, replays.</summary>
internal static class OperationEndpoints
{
    private const int BodyBytesMax = 1 << 20;

    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    private static readonly Dictionary<string, bool> Truths = new() { ["true"] = true, ["false"] = false };
    private static readonly ParameterSpec Cause = new("cause", "Only this cause.", "time-out-of-range");
    private static readonly ParameterSpec Stage = new("stage", "Only this stage: bridge, processing or storage.", "bridge");
    private static readonly ParameterSpec Source = new("source", "Only sources that contain this, for example a device.", "press-07");
    private static readonly ParameterSpec Since = new("since", "Only those refused from here on. Default all.", "now-2h");
    private static readonly ParameterSpec Resolved = new("resolved", "true: resolved ones too. Default false.", "true");
    private static readonly ParameterSpec Id = new("id", "Partition and offset of the letter.", "2-17", Required: true, InPath: true);

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "dead-letters", "/dead-letters", "What was refused, and why",
            "The newest that fit, oldest first. 'matching' counts all that fit, 'open' all that are not resolved.",
            [Cause, Stage, Source, Since, Resolved, CommonParameters.Limit], ApiEndpoint.Json, ListAsync),
        new(
            "dead-letter", "/dead-letters/{id}", "One dead letter", "With its payload in base64, and for people.",
            [Id], ApiEndpoint.Json, ShowAsync),
        new(
            "dead-letter-replay", "/dead-letters/{id}/replay", "Send a dead letter through the bridge again",
            "Body: {\"fix\": true, \"payload\": base64, \"dryRun\": true}, all optional. In one transaction with the mark that it is resolved. 'outcome' is replayed, would-replay, resolved (before) "
            + "or refused, 'detail' says why.",
            [Id], ApiEndpoint.Json, ReplayLetterAsync)
        {
            Method = HttpMethods.Post,
        },
        new(
            "lag", "/lag", "How far the platform is behind the log",
            "Each consumer group by topic and partition, and the watermark of each stage.",
            [], ApiEndpoint.Json, LagAsync),
        new(
            "backtests", "/backtests", "Try detectors on the past of many series",
            "Body: {\"from\": \"7d\", \"to\", \"warmUp\", \"device\", \"sensor\", \"detector\" or \"settings\", \"gated\", \"source\": \"store\"|\"log\", \"list\"}. Writes nothing. The answer comes when it is done, which may "
            + "take minutes.",
            [], ApiEndpoint.Json, request => RunAsync<BacktestOrder>(request, static (desk, order, token) => desk.BacktestAsync(order, token)))
        {
            Method = HttpMethods.Post,
        },
        new(
            "audits", "/audits", "Compare log, raw readings and rollups",
            "Body: {} or {\"sample\": 0.01} for a random share of the devices. Up to where storage is; it waits meanwhile and catches up then, nothing is lost. The simulator's ledger is compared by ./telemetry audit on a platform that has stopped.",
            [], ApiEndpoint.Json, request => RunAsync<AuditOrder>(request, static (desk, order, token) => desk.AuditAsync(order, token)))
        {
            Method = HttpMethods.Post,
        },
        new(
            "replays", "/replays", "Compare a span of the store with the log, and put it right",
            "Body: {\"from\": \"2h\", \"to\", \"apply\": false}. Storage waits meanwhile and catches up then.",
            [], ApiEndpoint.Json, request => RunAsync<ReplayOrder>(request, static (desk, order, token) => desk.ReplayAsync(order, token)))
        {
            Method = HttpMethods.Post,
        },
    ];

    private static async Task ListAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var since = parameters.TimeOf("since", parameters.Text(Since));
        var question = new DeadLetterQuestion(
            parameters.Text(Cause),
            parameters.Text(Stage),
            parameters.Text(Source),
            since is { } us ? UnixMicros.ToTime(us) : null,
            parameters.Choice(Resolved, Truths) ?? false,
            parameters.Integer(CommonParameters.Limit, request.Options.PageDefault, 1, request.Options.PageMax));
        await WriteAsync(request, await AskAsync(() => Desk(request).ListLettersAsync(question, request.Aborted)));
    }

    private static async Task ShowAsync(ApiRequest request) => await WriteAsync(
        request,
        await AskAsync(() => Desk(request).FindLetterAsync(request.Parameters.Text(Id)!, request.Aborted)) ?? throw NoLetter());

    private static async Task ReplayLetterAsync(ApiRequest request)
    {
        var repair = await ReadAsync<DeadLetterRepair>(request);
        await WriteAsync(
            request,
            await AskAsync(() => Desk(request).ReplayLetterAsync(request.Parameters.Text(Id)!, repair, request.Aborted)) ?? throw NoLetter());
    }

    private static async Task LagAsync(ApiRequest request) => await WriteAsync(request, await AskAsync(() => Desk(request).LagAsync(request.Aborted)));

    private static async Task RunAsync<T>(ApiRequest request, Func<IOperationsDesk, T, CancellationToken, Task<OperationReport>> run)
        where T : class
    {
        var order = await ReadAsync<T>(request);
        await WriteAsync(request, await AskAsync(() => run(Desk(request), order, request.Aborted)));
    }

    private static async Task<T> ReadAsync<T>(ApiRequest request)
        where T : class
    {
        var body = await JsonBody.ReadBytesAsync(request, BodyBytesMax, Bad);
        try
        {
            return JsonSerializer.Deserialize<T>(body, Web) ?? throw Bad("The body must be an object.");
        }
        catch (JsonException error)
        {
            throw Bad($"The body cannot be read: {error.Message}");
        }
    }

    private static IOperationsDesk Desk(ApiRequest request) => request.Parts.Services.Operations
        ?? throw new ApiProblem(503, "no-log", "This needs the platform", "This query role runs without the platform around it.");

    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (OperationRefusedException error) when (error.IsBusy)
        {
            throw new ApiProblem(503, "busy", "Another one runs", error.Message) { RetryAfter = TimeSpan.FromSeconds(5) };
        }
        catch (OperationRefusedException error)
        {
            throw new ApiProblem(422, "refused", "This cannot be done", error.Message);
        }
        catch (FormatException error)
        {
            throw Bad(error.Message);
        }
        catch (RecordLogException error)
        {
            throw new ApiProblem(503, "log-unavailable", "The log does not answer now", error.Message) { RetryAfter = TimeSpan.FromSeconds(2) };
        }
    }

    private static Task WriteAsync<T>(ApiRequest request, T answer)
    {
        request.Response.ContentType = "application/json";
        request.Response.Headers.CacheControl = "no-store";
        return JsonSerializer.SerializeAsync(request.Response.Body, answer, Web, request.Aborted);
    }

    private static ApiProblem NoLetter() => ApiRequest.NotFound("There is no such dead letter (any more). /api/v1/dead-letters has those there are.");

    private static ApiProblem Bad(string detail) => new(400, "bad-body", "The body is not usable", detail);
}
