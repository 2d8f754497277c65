using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Query.Commands;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Streams;

namespace Telemetry.Query.Endpoints;

/// <summary>Commands to devices: issue one, see what became of it.</summary>
internal static class CommandEndpoints
{
    private const int BodyBytesMax = 256 * 1024;
    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LifetimeDefault = TimeSpan.FromMinutes(1);
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
            + "answered or its lifetime is over.",
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
        var now = TimeText.ToMicroseconds(request.Parameters.Now);
        var command = await ReadAsync(request, device, now);
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
        request.Response.StatusCode = state.Answer is null ? StatusCodes.Status202Accepted : StatusCodes.Status200OK;
        request.Response.Headers.Location = $"/api/v1/devices/{Uri.EscapeDataString(device)}/commands/{command.CommandId}";
        await WriteAsync(request, writer => Write(writer, state, Now(request)));
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
                Write(writer, state, Now(request));
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
        await WriteAsync(request, writer => Write(writer, state, Now(request)));
    }

    private static CommandDesk Desk(ApiRequest request) => request.Role.Commands
        ?? throw new ApiProblem(503, "no-log", "Commands need the log", "This query role runs without a log.");

    private static long Now(ApiRequest request) => TimeText.ToMicroseconds(request.Role.Services.Time.GetUtcNow());

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

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, request.Role.Stopping);
        await state.Answered.Task.WaitAsync(wait, request.Role.Services.Time, stop.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>A JSON content type is asked for, so that no foreign page can make a browser send commands.</summary>
    private static async Task<DeviceCommand> ReadAsync(ApiRequest request, string device, long nowUs)
    {
        if (!request.Context.Request.HasJsonContentType())
        {
            throw Bad("The body must be JSON, with Content-Type: application/json.");
        }

        if (request.Context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = BodyBytesMax;
        }

        JsonDocument document;
        try
        {
            document = await JsonDocument.ParseAsync(
                request.Context.Request.Body, new JsonDocumentOptions { MaxDepth = 32 }, request.Aborted);
        }
        catch (JsonException error)
        {
            throw Bad("The body is not JSON: " + error.Message);
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw Bad($"The body is larger than {BodyBytesMax} bytes.");
        }

        using (document)
        {
            return Read(document.RootElement, device, nowUs, request.Options);
        }
    }

    private static DeviceCommand Read(JsonElement body, string device, long nowUs, QueryOptions options)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw Bad("The body must be an object.");
        }

        var command = new DeviceCommand { Device = device, CommandId = Guid.CreateVersion7().ToString("N"), IssuedAtUs = nowUs };
        var name = "";
        var lifetime = LifetimeDefault;
        foreach (var property in body.EnumerateObject())
        {
            switch (property.Name)
            {
                case "name" when property.Value.ValueKind == JsonValueKind.String && IsName(property.Value.GetString()!):
                    name = property.Value.GetString()!;
                    break;
                case "payload":
                    command.Payload = ByteString.CopyFromUtf8(property.Value.GetRawText());
                    command.ContentType = "application/json";
                    break;
                case "lifetime" when property.Value.ValueKind == JsonValueKind.String
                    && DurationText.TryParse(property.Value.GetString()!, out lifetime)
                    && lifetime > TimeSpan.Zero && lifetime <= options.CommandHistory:
                    break;
                case "by" when property.Value.ValueKind == JsonValueKind.String && property.Value.GetString()!.Length <= 256:
                    command.IssuedBy = property.Value.GetString();
                    break;
                default:
                    throw Bad(
                        $"'{property.Name}' is not usable. A command has name (1 to {ReadingLimits.NameBytesMax} of A-Z a-z 0-9 . _ : -), payload (any JSON), "
                        + $"lifetime (a duration up to {options.CommandHistory}) and by (who issues it, up to 256 characters).");
            }
        }

        command.Name = name.Length > 0 ? name : throw Bad("'name' is missing: what shall the device do?");
        command.ExpiresAtUs = nowUs + (lifetime.Ticks / TimeSpan.TicksPerMicrosecond);
        return command;
    }

    private static bool IsName(string name)
    {
        Span<byte> ascii = stackalloc byte[ReadingLimits.NameBytesMax];
        return Encoding.ASCII.TryGetBytes(name, ascii, out var length) && length == name.Length && ReadingNames.IsDevice(ascii[..length]);
    }

    private static ApiProblem Bad(string detail) => new(400, "bad-command", "The command is not usable", detail)
    {
        Example = """{"name": "set-interval", "payload": {"seconds": 5}, "lifetime": "1m"}""",
    };

    private static async Task WriteAsync(ApiRequest request, Action<Utf8JsonWriter> write)
    {
        request.Response.ContentType = "application/json";
        request.Response.Headers.CacheControl = "no-store";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        write(writer);
    }

    private static void Write(Utf8JsonWriter writer, CommandState state, long nowUs)
    {
        var command = state.Command;
        writer.WriteStartObject();
        writer.WriteString("id", command.CommandId);
        writer.WriteString("device", command.Device);
        writer.WriteString("name", command.Name);
        writer.WriteString("status", state.StatusAt(nowUs));
        WritePayload(writer, "payload", command.Payload);
        writer.WriteString("issued", TimeText.Format(command.IssuedAtUs));
        writer.WriteString("expires", TimeText.Format(command.ExpiresAtUs));
        WriteText(writer, "by", command.IssuedBy.Length == 0 ? null : command.IssuedBy);
        WriteText(writer, "sent", state.SentUs is { } sent ? TimeText.Format(sent) : null);
        WriteText(writer, "edge", state.Edge);
        if (state.Answer is { } answer)
        {
            WriteText(writer, "answered", TimeText.Format(answer.TimeUs));
            WritePayload(writer, "answer", answer.Payload);
        }

        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is null)
        {
            writer.WriteNull(name);
        }
        else
        {
            writer.WriteString(name, text);
        }
    }

    /// <summary>JSON as it is, text as a string, anything else as base64 in an object.</summary>
    private static void WritePayload(Utf8JsonWriter writer, string name, ByteString payload)
    {
        writer.WritePropertyName(name);
        if (payload.IsEmpty)
        {
            writer.WriteNullValue();
        }
        else if (IsJson(payload.Span))
        {
            writer.WriteRawValue(payload.Span, skipInputValidation: true);
        }
        else if (System.Text.Unicode.Utf8.IsValid(payload.Span))
        {
            writer.WriteStringValue(payload.Span);
        }
        else
        {
            writer.WriteStartObject();
            writer.WriteBase64String("base64", payload.Span);
            writer.WriteEndObject();
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> payload)
    {
        var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = 32 });
        try
        {
            while (reader.Read())
            {
                reader.TrySkip();
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
