using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Text;
using Telemetry.Query.Commands;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Streams;

namespace Telemetry.Query.Endpoints;

/// <summary>Commands to devices: issue one, see what became of it.</summary>
internal static class CommandEndpoints
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(1);
    private static readonly ParameterSpec Wait = new("wait", "How long to wait for the device's answer, up to 1m. Default 0s.", "10s");
    private static readonly ParameterSpec Id = new("id", "Id of the command.", "0123456789abcdef0123456789abcdef", Required: true, InPath: true);

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "commandIssue",
            "/devices/{device}/commands",
            "Send a command to a device",
            "Body: {\"name\": \"set-interval\", \"payload\": any JSON, \"lifetime\": \"1m\"}. 202 with the command once it is durable on the "
            + "log; 200 when the device answered within 'wait'. Whichever edge node has the device delivers it, at least once until it is "
            + "answered or its lifetime is over. To a Sparkplug B edge node or device: name \"sparkplug-write\" with the payload "
            + "{\"metric\": \"Outputs/Valve 1\", \"type\": \"Boolean\", \"value\": true}, or \"sparkplug-rebirth\"; they are sent once and not answered.",
            [CommonParameters.DevicePath, Wait],
            ApiEndpoint.Json,
            IssueAsync)
        {
            Method = HttpMethods.Post,
        },
        new(
            "commands",
            "/devices/{device}/commands",
            "Newest commands of a device",
            "Those of the last hour, newest first, with status accepted, sent, answered, refused or expired.",
            [CommonParameters.DevicePath, CommonParameters.Limit],
            ApiEndpoint.Json,
            ListAsync),
        new(
            "command",
            "/devices/{device}/commands/{id}",
            "One command and the device's answer",
            "With 'wait' the answer is waited for.",
            [CommonParameters.DevicePath, Id, Wait],
            ApiEndpoint.Json,
            ShowAsync),
    ];

    private static async Task IssueAsync(ApiRequest request)
    {
        var desk = Desk(request);
        var device = request.Parameters.RequiredName(CommonParameters.DevicePath);
        var wait = ReadWait(request);
        var now = UnixMicros.From(request.Parameters.Now);
        var command = await CommandReader.ReadAsync(request, device, now);
        command.IssuedBy = Author.Of(request, command.IssuedBy) ?? "";
        CommandState state;
        try
        {
            state = await desk.IssueAsync(command, request.Aborted);
        }
        catch (RecordLogException error)
        {
            throw new ApiProblem(503, "log-unavailable", "The log does not take commands now", error.Message) { RetryAfter = TimeSpan.FromSeconds(2) };
        }

        await WaitAsync(request, state, wait);
        request.Response.StatusCode = state.Answer is null && !(state.IsUnanswered && state.SentUs is not null) ? StatusCodes.Status202Accepted : StatusCodes.Status200OK;
        request.Response.Headers.Location = $"/api/v1/devices/{Uri.EscapeDataString(device)}/commands/{command.CommandId}";
        await WriteAsync(request, writer => CommandJson.Write(writer, state, Now(request)));
    }

    private static Task ListAsync(ApiRequest request)
    {
        var device = request.Parameters.RequiredName(CommonParameters.DevicePath);
        var limit = request.Parameters.Integer(CommonParameters.Limit, request.Options.PageDefault, 1, request.Options.PageMax);
        var states = Desk(request).Book.Of(device, limit);
        return WriteAsync(request, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("commands");
            foreach (var state in states)
            {
                CommandJson.Write(writer, state, Now(request));
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static async Task ShowAsync(ApiRequest request)
    {
        var device = request.Parameters.RequiredName(CommonParameters.DevicePath);
        var id = request.Parameters.Text(Id)!;
        var wait = ReadWait(request);
        var state = Desk(request).Book.Of(device, id)
            ?? throw ApiRequest.NotFound($"No command '{id}' of device '{device}' in the last {request.Options.CommandHistory}.");
        await WaitAsync(request, state, wait);
        await WriteAsync(request, writer => CommandJson.Write(writer, state, Now(request)));
    }

    private static CommandDesk Desk(ApiRequest request) => request.Parts.Commands
        ?? throw new ApiProblem(503, "no-log", "Commands need the log", "This query role runs without a log.");

    private static long Now(ApiRequest request) => UnixMicros.From(request.Parts.Services.Time.GetUtcNow());

    private static TimeSpan ReadWait(ApiRequest request)
    {
        var text = request.Parameters.Text(Wait);
        if (text is null)
        {
            return TimeSpan.Zero;
        }

        return DurationText.TryParse(text, out var wait) && wait >= TimeSpan.Zero && wait <= WaitMax
            ? wait
            : throw ApiProblem.BadParameter("wait", $"'wait' is not a duration up to {WaitMax.TotalSeconds} s.", Wait.Example);
    }

    private static async Task WaitAsync(ApiRequest request, CommandState state, TimeSpan wait)
    {
        if (wait == TimeSpan.Zero)
        {
            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, request.Parts.Stopping);
        await state.Answered.Task.WaitAsync(wait, request.Parts.Services.Time, stop.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task WriteAsync(ApiRequest request, Action<Utf8JsonWriter> write)
    {
        request.Response.ContentType = "application/json";
        request.Response.Headers.CacheControl = "no-store";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        write(writer);
    }
}
