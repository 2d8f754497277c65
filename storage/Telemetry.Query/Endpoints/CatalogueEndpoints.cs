using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;
using Telemetry.Query.Answers;
using Telemetry.Query.Catalogue;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;
using Telemetry.Streams;

namespace Telemetry.Query.Endpoints;

/// <summary>Entries of the catalogue, one by one: what a device or a sensor is.</summary>
internal static class CatalogueEndpoints
{
    private const string Note =
        "What sources say is put together field by field: what people edited, what the device announced, its Sparkplug birth, patterns. 'sources' has those "
        + "that say something, 'edited' what people wrote. An entry of which nobody says anything has null in its fields and no sources. ";

    private const string PutNote =
        "Body: the fields people set; the others keep what other sources say. With If-Match (the ETag of GET) it is put only over that version, with "
        + "If-None-Match: * only where there is none; 412 otherwise. 422 says everything that is wrong.";

    private static readonly ParameterSpec Comment = new("comment", "Why, for the history.", "name plate");

    private static readonly ParameterSpec Pattern = new(
        "pattern", "Device pattern, or device and sensor pattern with a slash between; the slash is written %2F. * is any text, ? one character.", "*%2Ftemperature",
        Required: true, InPath: true);

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "catalogue-devices", "/catalogue/devices", "Devices in the catalogue, by name",
            "Those that are named in it. Those that only a pattern covers are at /devices, with the readings there are.",
            [.. CatalogueFilter.Parameters, CommonParameters.Search, CommonParameters.Limit, CommonParameters.Cursor], ApiEndpoint.Json, ListAsync),
        new(
            "catalogue-device", "/catalogue/devices/{device}", "What a device is", Note,
            [CommonParameters.DevicePath], ApiEndpoint.Json, ShowAsync),
        new(
            "catalogue-device-put", "/catalogue/devices/{device}", "Say what a device is", PutNote,
            [CommonParameters.DevicePath, Author.By, Comment], ApiEndpoint.Json, PutAsync)
        {
            Method = HttpMethods.Put,
        },
        new(
            "catalogue-device-delete", "/catalogue/devices/{device}", "Take back what people said of a device", "What other sources say stays. 404 when people said nothing.",
            [CommonParameters.DevicePath, Author.By, Comment], ApiEndpoint.Json, DeleteAsync)
        {
            Method = HttpMethods.Delete,
        },
        new(
            "catalogue-sensors", "/catalogue/devices/{device}/sensors", "What the sensors of a device are",
            Note + "Sensors that the catalogue names, and those of which readings are stored.",
            [CommonParameters.DevicePath], ApiEndpoint.Json, SensorsAsync),
        new(
            "catalogue-sensor", "/catalogue/devices/{device}/sensors/{sensor}", "What a sensor is", Note,
            [CommonParameters.DevicePath, CommonParameters.SensorPath], ApiEndpoint.Json, ShowAsync),
        new(
            "catalogue-sensor-put", "/catalogue/devices/{device}/sensors/{sensor}", "Say what a sensor is", PutNote,
            [CommonParameters.DevicePath, CommonParameters.SensorPath, Author.By, Comment], ApiEndpoint.Json, PutAsync)
        {
            Method = HttpMethods.Put,
        },
        new(
            "catalogue-sensor-delete", "/catalogue/devices/{device}/sensors/{sensor}", "Take back what people said of a sensor",
            "What other sources say stays. 404 when people said nothing.",
            [CommonParameters.DevicePath, CommonParameters.SensorPath, Author.By, Comment], ApiEndpoint.Json, DeleteAsync)
        {
            Method = HttpMethods.Delete,
        },
        new(
            "catalogue-patterns", "/catalogue/patterns", "Patterns of the catalogue",
            "What holds for every device or sensor whose name has a form, where no source says otherwise. The one with more letters counts first.",
            [], ApiEndpoint.Json, PatternsAsync),
        new(
            "catalogue-pattern-put", "/catalogue/patterns/{pattern}", "Put a pattern", PutNote,
            [Pattern, Author.By, Comment], ApiEndpoint.Json, PutPatternAsync)
        {
            Method = HttpMethods.Put,
        },
        new(
            "catalogue-pattern-delete", "/catalogue/patterns/{pattern}", "Delete a pattern", "404 when there is none.",
            [Pattern, Author.By, Comment], ApiEndpoint.Json, DeletePatternAsync)
        {
            Method = HttpMethods.Delete,
        },
    ];

    /// <exception cref="ApiProblem">503: no log, or not read yet.</exception>
    public static CatalogueDesk Desk(ApiRequest request)
    {
        var desk = request.Parts.Catalogue ?? throw new ApiProblem(503, "no-log", "The catalogue needs the log", "This query role runs without a log.");
        return desk.Read.IsCompleted
            ? desk
            : throw new ApiProblem(503, "starting", "The catalogue is being read", "It is being read from the log. Try again in a moment.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
    }

    /// <summary>Who changes something, and why.</summary>
    public static CatalogueWrite WriteOf(ApiRequest request) => new(
        Author.Of(request), request.Parameters.Text(Comment) ?? "");

    /// <summary>Puts entries; what the log or the version says against it becomes a problem.</summary>
    public static async Task<CatalogueChanges> PutAsync(ApiRequest request, IReadOnlyList<CatalogueEntry> entries, CatalogueWrite write)
    {
        try
        {
            return await Desk(request).PutAsync(entries, write, request.Aborted);
        }
        catch (CatalogueConflictException error)
        {
            throw new ApiProblem(412, "changed", "The entry has changed", $"{error.Message} Look at it again.");
        }
        catch (RecordLogException error)
        {
            throw new ApiProblem(503, "log-unavailable", "The log does not take entries now", error.Message) { RetryAfter = TimeSpan.FromSeconds(2) };
        }
    }

    /// <exception cref="ApiProblem">422 with everything that is wrong.</exception>
    public static ApiProblem Wrong(IReadOnlyList<DocumentError> errors) => new(
        422, "bad-catalogue", "The catalogue cannot be used so", string.Join(" ", errors.Take(20)));

    private static async Task ListAsync(ApiRequest request)
    {
        var book = Desk(request).Book;
        var filter = CatalogueFilter.Of(request.Parameters);
        var limit = request.Parameters.Integer(CommonParameters.Limit, request.Options.PageDefault, 1, request.Options.PageMax);
        var after = request.Parameters.After();
        if (EntityTag.IsKnown(request, book.ETag))
        {
            return;
        }

        var devices = book.Names().DevicesAfter(after).Where(d => request.Caller.Devices.Sees(d)).Select(d => (Name: d, Entry: book.Device(d)))
            .Where(d => filter.Has(d.Name, d.Entry)).Take(limit + 1).ToList();
        await WriteAsync(request, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("devices");
            foreach (var (name, _) in devices.Take(limit))
            {
                WriteEntry(writer, book, name, "");
            }

            writer.WriteEndArray();
            writer.WriteString("nextCursor", devices.Count > limit ? PageCursor.Write(devices[limit - 1].Name) : null);
            writer.WriteNumber("leftOut", book.LeftOut);
            writer.WriteEndObject();
        });
    }

    private static async Task ShowAsync(ApiRequest request)
    {
        var book = Desk(request).Book;
        var (device, sensor) = NameOf(request);
        var body = Body(book, device, sensor);
        if (!EntityTag.IsKnown(request, TagOf(book, device, sensor, body)))
        {
            await WriteAsync(request, body);
        }
    }

    private static async Task SensorsAsync(ApiRequest request)
    {
        var book = Desk(request).Book;
        var device = request.Parameters.RequiredName(CommonParameters.DevicePath);
        var rows = JsonRows.Parse(await request.QueryAsync(
            $"SELECT sensor FROM readings_last_data WHERE device = {{device:String}} GROUP BY sensor ORDER BY sensor LIMIT {request.Options.PageMax}",
            [new("device", device)],
            "JSONCompactEachRow"));
        var sensors = rows.Select(row => row[0].GetString()!).Union(book.Names().SensorsOf(device)).Order(StringComparer.Ordinal);
        await WriteAsync(request, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("device", device);
            writer.WriteStartArray("sensors");
            foreach (var sensor in sensors)
            {
                WriteEntry(writer, book, device, sensor);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static async Task PutAsync(ApiRequest request)
    {
        var (device, sensor) = NameOf(request);
        await PutAsync(request, CatalogueSource.Edited, device, sensor);
    }

    private static async Task DeleteAsync(ApiRequest request)
    {
        var (device, sensor) = NameOf(request);
        await DeleteAsync(request, new CatalogueName(CatalogueSource.Edited, device, sensor));
    }

    private static async Task PatternsAsync(ApiRequest request)
    {
        var book = Desk(request).Book;
        if (EntityTag.IsKnown(request, book.ETag))
        {
            return;
        }

        await WriteAsync(request, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("patterns");
            foreach (var entry in book.Patterns)
            {
                writer.WriteStartObject();
                writer.WriteString("pattern", entry.Sensor.Length == 0 ? entry.Device : $"{entry.Device}/{entry.Sensor}");
                CatalogueJson.WriteMembers(writer, entry, entry.Device, entry.Sensor);
                CatalogueJson.WriteRecord(writer, entry);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static Task PutPatternAsync(ApiRequest request)
    {
        var name = PatternOf(request);
        return CatalogueName.IsPattern(name.Device) || CatalogueName.IsPattern(name.Sensor)
            ? PutAsync(request, CatalogueSource.Pattern, name.Device, name.Sensor)
            : throw ApiProblem.BadParameter("pattern", "It has no * or ? in it. One device or sensor has an entry of its own: /catalogue/devices/...", Pattern.Example);
    }

    private static Task DeletePatternAsync(ApiRequest request) => DeleteAsync(request, PatternOf(request));

    private static async Task PutAsync(ApiRequest request, CatalogueSource source, string device, string sensor)
    {
        var book = Desk(request).Book;
        var name = new CatalogueName(source, device, sensor);
        var document = await JsonBody.ReadBytesAsync(request, CatalogueReader.AnnouncementBytesMax + 1, BadBody);
        if (CatalogueReader.ReadEntry(document, device, sensor, out var errors) is not { } entry)
        {
            throw Wrong(errors);
        }

        if (source == CatalogueSource.Pattern && book.Of(name) is null or { Deleted: true } && book.Patterns.Count >= CatalogueReader.PatternsMax)
        {
            throw new ApiProblem(422, "bad-catalogue", "There are too many patterns", $"There may be {CatalogueReader.PatternsMax} patterns.");
        }

        await PutAsync(request, [entry], WriteOf(request) with { ExpectedVersion = ExpectedOf(request) });
        var body = Body(book, device, sensor, source);
        request.Response.Headers.ETag = TagOf(book, device, sensor, body, source);
        await WriteAsync(request, body);
    }

    private static async Task DeleteAsync(ApiRequest request, CatalogueName name)
    {
        var book = Desk(request).Book;
        if (book.Of(name) is null or { Deleted: true })
        {
            throw ApiRequest.NotFound("People said nothing of it. What devices say of themselves, they say again.");
        }

        var gone = new CatalogueEntry { Source = name.Source, Device = name.Device, Sensor = name.Sensor, Deleted = true };
        await PutAsync(request, [gone], WriteOf(request) with { ExpectedVersion = ExpectedOf(request) });
        request.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static (string Device, string Sensor) NameOf(ApiRequest request) => (
        request.Parameters.RequiredName(CommonParameters.DevicePath),
        request.Context.Request.RouteValues.ContainsKey("sensor") ? request.Parameters.RequiredName(CommonParameters.SensorPath) : "");

    private static CatalogueName PatternOf(ApiRequest request)
    {
        var parts = request.Parameters.Text(Pattern)!.Split('/', 2);
        return new CatalogueName(CatalogueSource.Pattern, parts[0], parts.Length > 1 ? parts[1] : "");
    }

    /// <summary>The version that If-Match names, 0 for If-None-Match: *; null when anything goes.</summary>
    private static ulong? ExpectedOf(ApiRequest request)
    {
        var headers = request.Context.Request.Headers;
        if (headers.IfNoneMatch.ToString().Trim() == "*")
        {
            return 0;
        }

        var match = headers.IfMatch.ToString().Trim();
        if (match is "" or "*")
        {
            return null;
        }

        return ulong.TryParse(match.Trim('"').Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw new ApiProblem(412, "changed", "The entry has changed", $"{match} is not a tag of this entry. Take it from the ETag of GET.");
    }

    private static string TagOf(CatalogueBook book, string device, string sensor, byte[] body, CatalogueSource source = CatalogueSource.Edited)
    {
        var version = book.Of(new CatalogueName(source, device, sensor)) is { Deleted: false } entry ? entry.Version : 0;
        return string.Create(CultureInfo.InvariantCulture, $"\"{version}-{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 6))}\"");
    }

    private static byte[] Body(CatalogueBook book, string device, string sensor, CatalogueSource source = CatalogueSource.Edited)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            WriteEntry(writer, book, device, sensor, source);
        }

        return bytes.ToArray();
    }

    private static readonly CatalogueEntry Nothing = new();

    /// <summary>An entry whole: what all say together, who says something, and what people wrote.</summary>
    private static void WriteEntry(Utf8JsonWriter writer, CatalogueBook book, string device, string sensor, CatalogueSource source = CatalogueSource.Edited)
    {
        var edited = book.Of(new CatalogueName(source, device, sensor)) is { Deleted: false } own ? own : null;
        var (entry, sources) = source == CatalogueSource.Pattern ? (edited, edited is null ? [] : [source]) : book.Explain(device, sensor);
        writer.WriteStartObject();
        CatalogueJson.WriteMembers(writer, entry ?? Nothing, device, sensor);
        writer.WriteStartArray("sources");
        foreach (var one in sources)
        {
            writer.WriteStringValue(CatalogueJson.SourceOf(one));
        }

        writer.WriteEndArray();
        CatalogueJson.WriteRecord(writer, edited ?? Nothing);
        if (edited is null)
        {
            writer.WriteNull("edited");
        }
        else
        {
            writer.WriteStartObject("edited");
            CatalogueJson.WriteMembers(writer, edited, device, sensor);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static ApiProblem BadBody(string detail) => new(400, "bad-body", "The body is not usable", detail)
    {
        Example = """{"displayName": "Press 7", "site": "graz", "line": "line-3", "tags": ["critical"]}""",
    };

    private static Task WriteAsync(ApiRequest request, byte[] body)
    {
        request.Response.ContentType = "application/json";
        return request.Response.Body.WriteAsync(body, request.Aborted).AsTask();
    }

    private static async Task WriteAsync(ApiRequest request, Action<Utf8JsonWriter> write)
    {
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        write(writer);
    }
}
