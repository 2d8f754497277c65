using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;
using Telemetry.Query.Alarms;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Streams;

namespace Telemetry.Query.Endpoints;

/// <summary>Alarms as they are, and what persons do with them.</summary>
internal static class AlarmEndpoints
{
    private const int BodyBytesMax = 16 * 1024;
    private const int TextMax = 2000;
    private const string Changed = "The alarm has changed";
    private static readonly TimeSpan WaitDefault = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(1);

    private static readonly Dictionary<string, AlarmAction> Actions = new()
    {
        ["acknowledge"] = AlarmAction.Acknowledge,
        ["shelve"] = AlarmAction.Shelve,
        ["unshelve"] = AlarmAction.Unshelve,
        ["out-of-service"] = AlarmAction.TakeOutOfService,
        ["return-to-service"] = AlarmAction.ReturnToService,
        ["comment"] = AlarmAction.Comment,
    };

    private static readonly Dictionary<string, bool> Truths = new() { ["true"] = true, ["false"] = false };

    private static readonly ParameterSpec Source = new("source", "Only of this rule, or of incident.KIND.", "oil-hot");
    private static readonly ParameterSpec Status = new("status", "Only in this state: " + string.Join(", ", AlarmNames.Statuses.Keys) + ".", "unacknowledged-active");
    private static readonly ParameterSpec Priority = new("priority", "Only of this priority or a higher one: " + string.Join(", ", AlarmNames.Priorities.Keys) + ".", "high");
    private static readonly ParameterSpec Standing = new(
        "standing", "true: only those that ask for a person or are being seen to; false: also normal, shelved, suppressed and out of service. Default true, without 'status'.", "false");

    private static readonly ParameterSpec Id = new("id", "Id of the alarm.", "0123456789abcdef", Required: true, InPath: true);
    private static readonly ParameterSpec Action = new("action", "What to do: " + string.Join(", ", Actions.Keys) + ".", "acknowledge", Required: true, InPath: true);
    private static readonly ParameterSpec Wait = new("wait", "How long to wait until it is decided, up to 1m. Default 5s.", "10s");

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "alarms", "/alarms", "Alarms as they are",
            "Those that ask for a person first, then by priority and time. Columns: " + string.Join(", ", AlarmFields.Columns)
            + ". The answer has an ETag; with If-None-Match it is 304 while nothing has changed.",
            [
                CommonParameters.Device, CommonParameters.Sensor, Source, Status, Priority, Standing,
                CommonParameters.Limit, CommonParameters.Offset, CommonParameters.Cursor, CommonParameters.Format,
            ],
            ApiEndpoint.Tables,
            ListAsync),
        new(
            "alarm", "/alarms/{id}", "One alarm",
            "Its ETag is its version.",
            [Id], ApiEndpoint.Json, ShowAsync),
        new(
            "alarmAction", "/alarms/{id}/{action}", "Do something with an alarm",
            "Body: {\"by\": \"ann\", \"comment\": \"...\"} (\"by\" where nobody has signed in), for shelve also \"for\": \"30m\" or \"until\": a time. 200 with the change once it is decided, 202 when it is on "
            + "the log and not decided within 'wait', 409 when the state of the alarm does not allow it, 412 when If-Match names another version.",
            [Id, Action, Wait], ApiEndpoint.Json, DoAsync)
        {
            Method = HttpMethods.Post,
        },
    ];

    /// <exception cref="ApiProblem">503: no log, or not read yet.</exception>
    public static AlarmDesk Desk(ApiRequest request)
    {
        var desk = request.Parts.Alarms ?? throw new ApiProblem(503, "no-log", "Alarms need the log", "This query role runs without a log.");
        return desk.IsRead
            ? desk
            : throw new ApiProblem(503, "starting", "Alarms are being read", "The state of alarms is being read from the log. Try again in a moment.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
    }

    private static async Task ListAsync(ApiRequest request)
    {
        var book = Desk(request).Book;
        var parameters = request.Parameters;
        var (device, sensor, source) = (parameters.Name(CommonParameters.Device), parameters.Name(CommonParameters.Sensor), parameters.Text(Source));
        var status = parameters.Choice(Status, AlarmNames.Statuses);
        var priority = parameters.Choice(Priority, AlarmNames.Priorities);
        var standing = parameters.Choice(Standing, Truths) ?? status is null;
        var (limit, offset) = parameters.Page();
        var format = parameters.Format();
        if (EntityTag.IsKnown(request, book.ETag))
        {
            return;
        }

        var devices = request.Caller.Devices;
        var alarms = book.List(a =>
            devices.Sees(a.Device) && (device is null || a.Device == device) && (sensor is null || a.Sensor == sensor) && (source is null || a.Source == source)
            && (status is null || a.Status == status) && (priority is null || a.Priority >= priority)
            && (!standing || AlarmNames.IsStanding(a.Status)));
        await TableAnswer.WriteAsync(
            request,
            await request.MetaAsync(),
            "alarms",
            AlarmFields.Columns,
            [.. alarms.Skip(offset).Take(limit).Select(AlarmFields.Row)],
            alarms.Count > offset + limit ? offset + limit : null,
            format);
    }

    private static async Task ShowAsync(ApiRequest request)
    {
        var alarm = Find(request);
        if (EntityTag.IsKnown(request, TagOf(alarm)))
        {
            return;
        }

        await WriteAsync(request, writer => AlarmFields.Write(writer, alarm));
    }

    private static async Task DoAsync(ApiRequest request)
    {
        var desk = Desk(request);
        var action = request.Parameters.Choice(Action, Actions)!.Value;
        var wait = ReadWait(request);
        var alarm = Find(request);
        EntityTag.DemandMatch(request, TagOf(alarm), Changed);
        var command = await ReadAsync(request, alarm, action);

        // What is seen here may be behind what is decided: the one who decides compares, too.
        command.ExpectedVersion = EntityTag.NamesVersion(request) ? alarm.Version : 0;
        AlarmChange? change;
        try
        {
            change = await desk.DoAsync(command, wait, request.Aborted);
        }
        catch (RecordLogException error)
        {
            throw new ApiProblem(503, "log-unavailable", "The log does not take commands now", error.Message) { RetryAfter = TimeSpan.FromSeconds(2) };
        }

        if (change is { Transition: AlarmTransition.Refused } && command.ExpectedVersion != 0 && change.Alarm.Version != command.ExpectedVersion)
        {
            throw EntityTag.HasChanged(TagOf(change.Alarm), TagOf(alarm), Changed);
        }

        if (change is { Transition: AlarmTransition.Refused })
        {
            throw new ApiProblem(409, "not-allowed", "The alarm does not allow it", char.ToUpperInvariant(change.Comment[0]) + change.Comment[1..]);
        }

        request.Response.StatusCode = change is null ? StatusCodes.Status202Accepted : StatusCodes.Status200OK;
        await WriteAsync(request, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("command", command.CommandId);
            writer.WriteBoolean("decided", change is not null);
            if (change is not null)
            {
                writer.WritePropertyName("change");
                AlarmFields.Write(writer, change);
            }

            writer.WriteEndObject();
        });
    }

    private static Alarm Find(ApiRequest request)
    {
        var id = request.Parameters.Text(Id)!;
        return Desk(request).Book.Find(id) is { } alarm && request.Caller.Devices.Sees(alarm.Device) ? alarm : throw ApiRequest.NotFound($"There is no alarm '{id}'. What was forgotten is in alarms/history.");
    }

    private static string TagOf(Alarm alarm) => $"\"{alarm.Version}\"";

    private static TimeSpan ReadWait(ApiRequest request)
    {
        var text = request.Parameters.Text(Wait);
        if (text is null)
        {
            return WaitDefault;
        }

        return DurationText.TryParse(text, out var wait) && wait <= WaitMax
            ? wait
            : throw ApiProblem.BadParameter("wait", $"'wait' is not a duration up to {WaitMax.TotalSeconds} s.", Wait.Example);
    }

    private static async Task<AlarmCommand> ReadAsync(ApiRequest request, Alarm alarm, AlarmAction action)
    {
        var command = new AlarmCommand
        {
            CommandId = Guid.CreateVersion7().ToString("N"),
            AlarmId = alarm.Id,
            Device = alarm.Device,
            Action = action,
        };
        using var document = await JsonBody.ReadAsync(request, BodyBytesMax, Bad);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw Bad("The body must be an object.");
        }

        var nowUs = Contracts.Measurement.UnixMicros.From(request.Parameters.Now);
        foreach (var property in document.RootElement.EnumerateObject())
        {
            var text = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : null;
            switch (property.Name)
            {
                case "by" when text is { Length: > 0 and <= 256 }:
                    command.By = text;
                    break;
                case "comment" when text is { Length: <= TextMax }:
                    command.Comment = text;
                    break;
                case "for" when action == AlarmAction.Shelve && text is not null && DurationText.TryParse(text, out var time) && time > TimeSpan.Zero:
                    command.UntilUs = nowUs + (long)time.TotalMicroseconds;
                    break;
                case "until" when action == AlarmAction.Shelve && text is not null && TimeText.TryParse(text, request.Parameters.Now, out var untilUs):
                    command.UntilUs = untilUs;
                    break;
                default:
                    throw Bad(
                        $"'{property.Name}' is not usable. There are by (who does it, up to 256 characters), comment (up to {TextMax} characters)"
                        + (action == AlarmAction.Shelve ? ", and for (a duration) or until (a time)." : "."));
            }
        }

        command.By = Author.Of(request, command.By) ?? throw Bad("'by' is missing, and nobody has signed in: who does it?");

        if (action == AlarmAction.Comment && command.Comment.Length == 0)
        {
            throw Bad("'comment' is missing.");
        }

        if (action == AlarmAction.Shelve && (command.UntilUs <= nowUs || command.UntilUs > nowUs + (long)request.Options.ShelveMax.TotalMicroseconds))
        {
            throw Bad($"A shelved alarm needs an end in the future: 'for' or 'until', at most {request.Options.ShelveMax.TotalHours:0.#} h from now.");
        }

        return command;
    }

    private static ApiProblem Bad(string detail) => new(400, "bad-alarm-command", "The command is not usable", detail)
    {
        Example = """{"by": "ann", "comment": "pump is being changed", "for": "30m"}""",
    };

    private static async Task WriteAsync(ApiRequest request, Action<Utf8JsonWriter> write)
    {
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        write(writer);
    }
}
