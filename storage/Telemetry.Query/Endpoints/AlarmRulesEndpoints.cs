using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Text;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Streams;

namespace Telemetry.Query.Endpoints;

/// <summary>The rules that make alarms.</summary>
internal static class AlarmRulesEndpoints
{
    private static readonly ParameterSpec Comment = new("comment", "Why.", "limits of the new pumps");

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "alarmRules", "/alarms/rules", "Alarm rules in force",
            "{\"version\": 3, \"by\": ..., \"comment\": ..., \"time\": ..., \"rules\": the document}. Version 0 is what is in force before anybody has put any. The ETag is the version.",
            [], ApiEndpoint.Json, GetAsync),
        new(
            "alarmRulesPut", "/alarms/rules", "Put alarm rules in force",
            "Body: the whole document. 422 says everything that is wrong with it. With If-Match it is put only over that version (412 otherwise).",
            [Author.RequiredBy, Comment], ApiEndpoint.Json, PutAsync)
        {
            Method = HttpMethods.Put,
        },
        new(
            "alarmRulesCheck", "/alarms/rules/check", "Check alarm rules",
            "Body: a document. {\"usable\": true|false, \"errors\": [{\"where\", \"problem\"}]}; nothing is put in force.",
            [], ApiEndpoint.Json, CheckAsync)
        {
            Method = HttpMethods.Post,
        },
    ];

    private static Task GetAsync(ApiRequest request)
    {
        var desk = AlarmEndpoints.Desk(request);
        return WriteAsync(request, desk.Rules.Version, writer => Write(writer, desk.Rules));
    }

    private static async Task PutAsync(ApiRequest request)
    {
        var desk = AlarmEndpoints.Desk(request);
        var (by, comment) = (Author.Demand(request), request.Parameters.Text(Comment) ?? "");
        var document = await JsonBody.ReadBytesAsync(request, AlarmRulesReader.DocumentBytesMax + 1, Bad);
        if (AlarmRulesReader.Read(document, out var errors) is null)
        {
            throw new ApiProblem(422, "bad-alarm-rules", "The rules cannot be used", string.Join(" ", errors.Take(20)));
        }

        try
        {
            var record = await desk.PutRulesAsync(
                document, by, comment, version => EntityTag.DemandMatch(request, TagOf(version), "Other rules are in force"), request.Aborted);
            await WriteAsync(request, record.Version, writer => Write(writer, record));
        }
        catch (RecordLogException error)
        {
            throw new ApiProblem(503, "log-unavailable", "The log does not take rules now", error.Message) { RetryAfter = TimeSpan.FromSeconds(2) };
        }
    }

    private static async Task CheckAsync(ApiRequest request)
    {
        var document = await JsonBody.ReadBytesAsync(request, AlarmRulesReader.DocumentBytesMax + 1, Bad);
        var usable = AlarmRulesReader.Read(document, out var errors) is not null;
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        DocumentErrors.Write(writer, usable, errors);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, Contracts.V1.AlarmRulesRecord record)
    {
        writer.WriteStartObject();
        writer.WriteNumber("version", record.Version);
        TableAnswer.Write(
            writer,
            ["by", "comment", "time"],
            [
                record.By.Length == 0 ? null : record.By, record.Comment.Length == 0 ? null : record.Comment,
                record.TimeUs == 0 ? null : TimeText.Format(record.TimeUs),
            ]);
        writer.WritePropertyName("rules");
        if (record.Document.IsEmpty)
        {
            writer.WriteRawValue("{}");
        }
        else
        {
            // As it is, but without comments, which JSON does not have.
            using var document = JsonDocument.Parse(
                record.Document.Memory, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            document.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    private static string TagOf(ulong version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    private static async Task WriteAsync(ApiRequest request, ulong version, Action<Utf8JsonWriter> write)
    {
        request.Response.ContentType = "application/json";
        request.Response.Headers.ETag = TagOf(version);
        request.Response.Headers.CacheControl = "no-cache";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        write(writer);
    }

    private static ApiProblem Bad(string detail) => new(400, "bad-alarm-rules", "The body is not usable", detail)
    {
        Example = """{"rules": [{"name": "oil-hot", "type": "threshold", "sensor": "oil", "above": 90}]}""",
    };
}
