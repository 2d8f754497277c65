using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Text;
using Telemetry.Query.Detection;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Streams;

namespace Telemetry.Query.Endpoints;

/// <summary>Settings of detectors: see them, change them, try them on the past.</summary>
internal static class DetectorEndpoints
{
    private static readonly TimeSpan SpanMax = TimeSpan.FromDays(92);
    private static readonly ParameterSpec Expected = new("expected", "Version the change was made on; another one in force is refused with 409. Default any.", "7");
    private static readonly ParameterSpec Comment = new("comment", "Why, for the history.", "noisy pump on line 3");
    private static readonly ParameterSpec Source = new("source", "Through what: api (default) or backtest.", "api");
    private static readonly ParameterSpec WarmUp = new("warmUp", "History the detectors see before 'from'. Default 24h.", "24h");

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "detectors",
            "/detectors",
            "Settings of detectors in force",
            "The newest version: 'document' as it was given, 'settings' the same as JSON; from which offset of each partition it is in force; and "
            + "every detector that can be chosen, with its parameters.",
            [],
            ApiEndpoint.Json,
            ShowAsync),
        new(
            "detectorsPut",
            "/detectors",
            "Put settings of detectors in force",
            "Body: the whole document (docs/detectors.md). Each partition takes it up within a second, at an offset that is written beside it.",
            [Expected, Comment, Source, Author.By],
            ApiEndpoint.Json,
            PutAsync)
        {
            Method = HttpMethods.Put,
        },
        new(
            "detectorsCheck",
            "/detectors/check",
            "Check settings of detectors",
            "Body: the document. 200 when it can be used; 400 names every problem with its place. Changes nothing.",
            [],
            ApiEndpoint.Json,
            CheckAsync)
        {
            Method = HttpMethods.Post,
        },
        new(
            "detectorsHistory",
            "/detectors/history",
            "Versions of the settings",
            "The newest first: who, when, why, and the document.",
            [CommonParameters.Limit],
            ApiEndpoint.Json,
            HistoryAsync),
        new(
            "detectorsOfSeries",
            "/devices/{device}/sensors/{sensor}/detectors",
            "What runs on a series",
            "The detectors that the newest settings give it, and whether it is out of service now.",
            [CommonParameters.DevicePath, CommonParameters.SensorPath],
            ApiEndpoint.Json,
            OfSeriesAsync),
        new(
            "backtest",
            "/devices/{device}/sensors/{sensor}/backtest",
            "Try settings on the past of a series",
            "Body: a document of settings; or nothing, for those in force. Runs the stored readings from 'from' - 'warmUp' on through the same code as "
            + "live ones and says where it would have fired. Writes nothing. At most 92 days; longer or for many series: ./telemetry backtest.",
            [CommonParameters.DevicePath, CommonParameters.SensorPath, CommonParameters.From, CommonParameters.To, WarmUp, CommonParameters.Limit],
            ApiEndpoint.Json,
            BacktestAsync)
        {
            Method = HttpMethods.Post,
        },
    ];

    private static async Task ShowAsync(ApiRequest request)
    {
        var desk = Desk(request);
        var versions = await AskAsync(() => desk.HistoryAsync(request.Aborted));
        var newest = versions.Count > 0 ? versions[0] : new DetectorVersion(0, DateTimeOffset.UnixEpoch, "", "", "", "{}"u8.ToArray(), "");
        var pins = await AskAsync(() => desk.InForceAsync(request.Aborted));
        await WriteAsync(request, writer =>
        {
            writer.WriteStartObject();
            WriteVersion(writer, newest);
            writer.WriteStartArray("inForce");
            foreach (var pin in pins)
            {
                writer.WriteStartObject();
                writer.WriteNumber("partition", pin.Partition);
                writer.WriteNumber("offset", pin.Offset);
                writer.WriteNumber("version", pin.Version);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            WriteKnown(writer, desk.Known);
            writer.WriteEndObject();
        });
    }

    private static async Task PutAsync(ApiRequest request)
    {
        var desk = Desk(request);
        var document = await DocumentReader.ReadAsync(request);
        var expected = request.Parameters.Text(Expected) is null ? (int?)null : request.Parameters.Integer(Expected, 0, 0, int.MaxValue);
        var by = Author.Of(request);
        var source = request.Parameters.Text(Source) ?? "api";
        var comment = request.Parameters.Text(Comment) ?? "";
        var version = await AskAsync(() => desk.PutAsync(document, by, source, comment, expected, request.Aborted));
        await WriteAsync(request, writer =>
        {
            writer.WriteStartObject();
            WriteVersion(writer, version);
            writer.WriteEndObject();
        });
    }

    private static async Task CheckAsync(ApiRequest request)
    {
        var desk = Desk(request);
        var document = await DocumentReader.ReadAsync(request);
        await AskAsync(() =>
        {
            desk.Check(document);
            return Task.FromResult(true);
        });
        await WriteAsync(request, static writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("usable", true);
            writer.WriteEndObject();
        });
    }

    private static async Task HistoryAsync(ApiRequest request)
    {
        var limit = request.Parameters.Integer(CommonParameters.Limit, request.Options.PageDefault, 1, request.Options.PageMax);
        var versions = await AskAsync(() => Desk(request).HistoryAsync(request.Aborted));
        await WriteAsync(request, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("versions");
            foreach (var version in versions.Take(limit))
            {
                writer.WriteStartObject();
                WriteVersion(writer, version);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static async Task OfSeriesAsync(ApiRequest request)
    {
        var device = request.Parameters.RequiredName(CommonParameters.DevicePath);
        var sensor = request.Parameters.RequiredName(CommonParameters.SensorPath);
        var detection = await AskAsync(() => Desk(request).ExplainAsync(device, sensor, request.Aborted));
        await WriteAsync(request, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("device", device);
            writer.WriteString("sensor", sensor);
            writer.WriteStartArray("detectors");
            foreach (var detector in detection.Detectors)
            {
                writer.WriteStringValue(detector);
            }

            writer.WriteEndArray();
            writer.WriteBoolean("outOfService", detection.IsOutOfService);
            writer.WriteEndObject();
        });
    }

    private static async Task BacktestAsync(ApiRequest request)
    {
        var device = request.Parameters.RequiredName(CommonParameters.DevicePath);
        var sensor = request.Parameters.RequiredName(CommonParameters.SensorPath);
        var range = request.Parameters.Range(TimeSpan.FromHours(1));
        var warmUp = DurationText.TryParse(request.Parameters.Text(WarmUp) ?? "24h", out var given) && given <= SpanMax
            ? given
            : throw ApiProblem.BadParameter("warmUp", $"'warmUp' is not a duration up to {SpanMax.TotalDays} days.", WarmUp.Example);
        var question = new BacktestQuestion(
            device,
            sensor,
            Contracts.Measurement.UnixMicros.ToTime(range.From),
            Contracts.Measurement.UnixMicros.ToTime(range.To),
            warmUp,
            await DocumentReader.TryReadAsync(request),
            request.Parameters.Integer(CommonParameters.Limit, request.Options.PageDefault, 1, request.Options.PageMax));
        if (question.To - question.From > SpanMax)
        {
            throw ApiProblem.BadParameter("from", $"The span is longer than {SpanMax.TotalDays} days. Longer ones: ./telemetry backtest.", "now-7d");
        }

        var answer = await AskAsync(() => Desk(request).BacktestAsync(question, request.Aborted))
            ?? throw new ApiProblem(503, "busy", "Other backtests are running", "Try again when they are done.") { RetryAfter = TimeSpan.FromSeconds(5) };
        await WriteAsync(request, writer => WriteBacktest(writer, question, answer));
    }

    private static void WriteBacktest(Utf8JsonWriter writer, BacktestQuestion question, BacktestAnswer answer)
    {
        writer.WriteStartObject();
        writer.WriteString("device", question.Device);
        writer.WriteString("sensor", question.Sensor);
        writer.WriteNumber("count", answer.Count);
        writer.WriteNumber("readings", answer.Readings);
        writer.WriteStartArray("hits");
        foreach (var hit in answer.Hits)
        {
            writer.WriteStartObject();
            writer.WriteString("time", TimeText.Format(hit.TimeUs));
            if (double.IsFinite(hit.Value))
            {
                writer.WriteNumber("value", hit.Value);
            }

            writer.WriteString("kind", hit.Kind);
            writer.WriteString("detector", hit.Detector);
            writer.WriteString("text", hit.Text);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteVersion(Utf8JsonWriter writer, DetectorVersion version)
    {
        writer.WriteNumber("version", version.Version);
        writer.WriteString("at", version.At);
        writer.WriteString("by", version.By);
        writer.WriteString("source", version.Source);
        writer.WriteString("comment", version.Comment);
        if (version.Problem.Length > 0)
        {
            writer.WriteString("problem", version.Problem);
        }

        writer.WriteString("document", version.Document.Span);
        writer.WritePropertyName("settings");
        using var json = JsonDocument.Parse(version.Document, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        json.RootElement.WriteTo(writer);
    }

    private static void WriteKnown(Utf8JsonWriter writer, IReadOnlyList<KnownDetector> known)
    {
        writer.WriteStartArray("known");
        foreach (var detector in known)
        {
            writer.WriteStartObject();
            writer.WriteString("detector", detector.Name);
            writer.WriteStartObject("parameters");
            foreach (var (name, value) in detector.Parameters)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static IDetectorDesk Desk(ApiRequest request) => request.Parts.Services.Detectors
        ?? throw new ApiProblem(503, "no-log", "Settings of detectors need the log", "This query role runs without a log.");

    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (DetectorDocumentException error)
        {
            throw new ApiProblem(400, "bad-settings", "The settings cannot be used", error.Message);
        }
        catch (DetectorConflictException error)
        {
            throw new ApiProblem(409, "conflict", "Another version came first", error.Message);
        }
        catch (RecordLogException error)
        {
            throw new ApiProblem(503, "log-unavailable", "The log does not answer now", error.Message) { RetryAfter = TimeSpan.FromSeconds(2) };
        }
    }

    private static async Task WriteAsync(ApiRequest request, Action<Utf8JsonWriter> write)
    {
        request.Response.ContentType = "application/json";
        request.Response.Headers.CacheControl = "no-store";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        write(writer);
    }
}
