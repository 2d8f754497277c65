using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;
using Telemetry.Query.Catalogue;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>The catalogue as a whole: places, import and export, versions.</summary>
internal static class CatalogueDocumentEndpoints
{
    private static readonly Dictionary<string, bool> Truths = new() { ["true"] = true, ["false"] = false };
    private static readonly ParameterSpec Comment = new("comment", "Why, for the history.", "line 3 rebuilt");
    private static readonly ParameterSpec Replace = new("replace", "true: entries of people that are not in the document are deleted. Default false.", "true");

    private static readonly string[] HistoryColumns =
    [
        "event_time AS time", "device", "sensor", "source", "version", "toBool(deleted) AS deleted", "person AS `by`", "comment", "document",
    ];

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "catalogue-places", "/catalogue/places", "Places, types and tags there are",
            "Every place (enterprise, site, area, line, cell) with the number of its devices, and every type and tag with theirs: of the devices that the catalogue names.",
            [], ApiEndpoint.Json, PlacesAsync),
        new(
            "catalogue-export", "/catalogue/export", "What people wrote, whole",
            "{\"entries\": [...]}, or a table with format=csv. An import of it changes nothing.",
            [CommonParameters.Format], ["application/json", "text/csv"], ExportAsync),
        new(
            "catalogue-import", "/catalogue/import", "Import a catalogue",
            "Body: JSON or CSV, by its Content-Type, as the export writes it; at most 64 MiB and 500,000 entries. Names with * or ? are patterns. All or nothing is checked; entries that "
            + "say what is known already are not written. Answers {\"added\", \"changed\", \"unchanged\", \"deleted\"}; 422 says everything that is wrong.",
            [Replace, Author.By, Comment], ApiEndpoint.Json, ImportAsync)
        {
            Method = HttpMethods.Post,
        },
        new(
            "catalogue-check", "/catalogue/check", "Check a catalogue",
            "As an import, and changes nothing: {\"usable\", \"errors\": [{\"where\", \"problem\"}], \"added\", \"changed\", \"unchanged\", \"deleted\"}.",
            [Replace], ApiEndpoint.Json, CheckAsync)
        {
            Method = HttpMethods.Post,
        },
        new(
            "catalogue-history", "/catalogue/history", "Versions of entries, newest first",
            "As they are stored. Columns: time, device, sensor, source, version, deleted, by, comment, document (the entry as JSON).",
            [CommonParameters.Device, CommonParameters.Sensor, CommonParameters.Limit, CommonParameters.Offset, CommonParameters.Cursor, CommonParameters.Format],
            ApiEndpoint.Tables, HistoryAsync),
    ];

    private static async Task PlacesAsync(ApiRequest request)
    {
        var book = CatalogueEndpoints.Desk(request).Book;
        if (EntityTag.IsKnown(request, book.ETag))
        {
            return;
        }

        var devices = book.Names().Devices.Where(d => request.Caller.Devices.Sees(d)).Select(book.Device).OfType<CatalogueEntry>().ToList();
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteStartArray("places");
        foreach (var place in devices.GroupBy(d => (d.Enterprise, d.Site, d.Area, d.Line, d.Cell)).OrderBy(g => g.Key))
        {
            writer.WriteStartObject();
            writer.WriteString("enterprise", CatalogueJson.Text(place.Key.Enterprise));
            writer.WriteString("site", CatalogueJson.Text(place.Key.Site));
            writer.WriteString("area", CatalogueJson.Text(place.Key.Area));
            writer.WriteString("line", CatalogueJson.Text(place.Key.Line));
            writer.WriteString("cell", CatalogueJson.Text(place.Key.Cell));
            writer.WriteNumber("devices", place.Count());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteCounts(writer, "types", "type", devices.Select(d => d.Type).Where(t => t.Length > 0));
        WriteCounts(writer, "tags", "tag", devices.SelectMany(CatalogueJson.TagsOf));
        writer.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter writer, string name, string member, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values.GroupBy(v => v).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            writer.WriteStartObject();
            writer.WriteString(member, value.Key);
            writer.WriteNumber("devices", value.Count());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static async Task ExportAsync(ApiRequest request)
    {
        var book = CatalogueEndpoints.Desk(request).Book;
        var format = request.Parameters.Format();
        if (EntityTag.IsKnown(request, book.ETag))
        {
            return;
        }

        var entries = book.Written().Where(e => e.Source == CatalogueSource.Pattern || request.Caller.Devices.Sees(e.Device));
        request.Response.ContentType = format.ContentType();
        request.Response.Headers.ContentDisposition = $"attachment; filename=\"catalogue.{(format == OutputFormat.Csv ? "csv" : "json")}\"";
        if (format == OutputFormat.Csv)
        {
            await request.Response.WriteAsync(CatalogueCsv.Write(entries), request.Aborted);
            return;
        }

        await request.Response.Body.WriteAsync(CatalogueDocument.Write(entries), request.Aborted);
    }

    private static async Task ImportAsync(ApiRequest request)
    {
        var entries = await ReadAsync(request);
        if (entries.Entries is null)
        {
            throw CatalogueEndpoints.Wrong(entries.Errors);
        }

        var replace = request.Parameters.Choice(Replace, Truths) ?? false;
        var changes = await CatalogueEndpoints.PutAsync(request, entries.Entries, CatalogueEndpoints.WriteOf(request) with { DeletesOthers = replace });
        await WriteAsync(request, writer => WriteChanges(writer, changes));
    }

    private static async Task CheckAsync(ApiRequest request)
    {
        var (entries, errors) = await ReadAsync(request);
        var replace = request.Parameters.Choice(Replace, Truths) ?? false;
        var changes = entries is null
            ? null
            : await CatalogueEndpoints.PutAsync(request, entries, new CatalogueWrite("", "") { DeletesOthers = replace, IsDryRun = true });
        await WriteAsync(request, writer =>
        {
            DocumentErrors.Write(writer, entries is not null, errors);
            WriteChanges(writer, changes ?? new CatalogueChanges(0, 0, 0, 0, []));
        });
    }

    private static Task HistoryAsync(ApiRequest request)
    {
        var filters = new Filters()
            .Equal("device", "String", request.Parameters.Name(CommonParameters.Device))
            .Equal("sensor", "String", request.Parameters.Name(CommonParameters.Sensor));
        return TableAnswer.WriteAsync(
            request,
            "versions",
            $"SELECT {string.Join(", ", HistoryColumns)} FROM catalogue_data {filters.Where} ORDER BY event_time DESC, device, sensor, source, version DESC",
            filters.Values);
    }

    private static async Task<(IReadOnlyList<CatalogueEntry>? Entries, IReadOnlyList<DocumentError> Errors)> ReadAsync(ApiRequest request)
    {
        var isCsv = request.Context.Request.ContentType?.StartsWith("text/csv", StringComparison.OrdinalIgnoreCase) == true;
        if (!isCsv && !request.Context.Request.HasJsonContentType())
        {
            throw Bad("Give Content-Type: application/json or text/csv.");
        }

        if (request.Context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = CatalogueReader.DocumentBytesMax;
        }

        using var body = new MemoryStream();
        try
        {
            await request.Context.Request.Body.CopyToAsync(body, request.Aborted);
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw Bad($"The body is larger than {CatalogueReader.DocumentBytesMax} bytes.");
        }

        var document = body.ToArray();
        var entries = isCsv ? CatalogueCsv.Read(document, out var errors) : CatalogueReader.ReadDocument(document, out errors);
        return (entries, errors);
    }

    private static void WriteChanges(Utf8JsonWriter writer, CatalogueChanges changes)
    {
        writer.WriteNumber("added", changes.Added);
        writer.WriteNumber("changed", changes.Changed);
        writer.WriteNumber("unchanged", changes.Unchanged);
        writer.WriteNumber("deleted", changes.Deleted);
    }

    private static async Task WriteAsync(ApiRequest request, Action<Utf8JsonWriter> members)
    {
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
    }

    private static ApiProblem Bad(string detail) => new(400, "bad-body", "The body is not usable", detail)
    {
        Example = """{"entries": [{"device": "press-07", "sensor": "temperature", "unitCode": "Cel"}]}""",
    };
}
