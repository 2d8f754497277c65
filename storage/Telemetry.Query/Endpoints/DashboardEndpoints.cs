using System.Text.Json;
using System.Text.RegularExpressions;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>Dashboards of the console that are provisioned as files: JSON documents in a folder, read when they are asked for.</summary>
internal static partial class DashboardEndpoints
{
    private const int FilesMax = 500;
    private const int BytesMax = 256 * 1024;

    private static readonly ParameterSpec Dashboard = new("name", "Name of its file, without .json.", "line-3", Required: true, InPath: true);

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "dashboards", "/dashboards", "Dashboards that are provisioned as files",
            "By name: those of Query:DashboardsFolder. A dashboard may also be all in the address of the console.",
            [], ApiEndpoint.Json, ListAsync),
        new(
            "dashboard", "/dashboards/{name}", "One dashboard",
            "The document as it lies in its file: title, range, panels (docs/console.md).",
            [Dashboard], ApiEndpoint.Json, ShowAsync),
    ];

    private static async Task ListAsync(ApiRequest request)
    {
        var found = new List<(string Name, string Title)>();
        foreach (var file in Files(request))
        {
            var name = Path.GetFileNameWithoutExtension(file.Name);
            using var document = await TryReadAsync(file, request.Aborted);
            found.Add((name, document?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("title", out var title)
                && title.ValueKind == JsonValueKind.String ? title.GetString()! : name));
        }

        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteStartArray("dashboards");
        foreach (var (name, title) in found)
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteString("title", title);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static async Task ShowAsync(ApiRequest request)
    {
        var name = request.Parameters.Text(Dashboard)!;
        var file = Files(request).FirstOrDefault(f => Path.GetFileNameWithoutExtension(f.Name) == name)
            ?? throw ApiRequest.NotFound($"There is no dashboard '{name}'. /api/v1/dashboards lists those there are.");
        using var document = await TryReadAsync(file, request.Aborted) ?? throw new ApiProblem(
            422, "bad-dashboard", "The dashboard cannot be used", $"{file.Name} is no JSON object of at most {BytesMax / 1024} KiB.");
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        document.WriteTo(writer);
    }

    /// <summary>Files whose name can be in an address, by name.</summary>
    private static IEnumerable<FileInfo> Files(ApiRequest request) =>
        request.Options.DashboardsFolder is { } folder && Directory.Exists(folder)
            ? new DirectoryInfo(folder).EnumerateFiles("*.json").Where(f => Name().IsMatch(f.Name)).Take(FilesMax).OrderBy(f => f.Name, StringComparer.Ordinal)
            : [];

    private static async Task<JsonDocument?> TryReadAsync(FileInfo file, CancellationToken cancellationToken)
    {
        if (file.Length > BytesMax)
        {
            return null;
        }

        try
        {
            await using var stream = file.OpenRead();
            var document = await JsonDocument.ParseAsync(stream, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }, cancellationToken);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.json$")]
    private static partial Regex Name();
}
