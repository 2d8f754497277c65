using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Setup;

namespace Telemetry.Query.Pages;

/// <summary>Serves the built console, or a page that says how to build it.</summary>
internal static class ConsoleFiles
{
    private const string NotBuilt =
        """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>Telemetry</title>
        <h1>The console is not built</h1>
        <p>The API is up: <a href="/api/v1/devices">/api/v1/devices</a>, <a href="/openapi/v1.json">/openapi/v1.json</a>.</p>
        <p>To build this page run <code>npm ci &amp;&amp; npm run build</code> in <code>storage/console</code>, or start with
        <code>./telemetry up</code>, which does it.</p></html>
        """;

    private const string Index = "index.html";

    private static readonly (string Encoding, string Suffix)[] Encodings = [("br", ".br"), ("gzip", ".gz")];

    private static readonly FileExtensionContentTypeProvider Types = new();

    public static void Map(IEndpointRouteBuilder routes, QueryOptions options, ILogger logger)
    {
        var folder = options.ConsoleFolder is { } path ? Path.GetFullPath(path) : null;
        var files = Directory.Exists(folder) ? new PhysicalFileProvider(folder) : null;
        if (files?.GetFileInfo(Index).Exists != true)
        {
            logger.ConsoleMissing(folder ?? "(no folder configured)");
        }

        routes.MapGet("/{**file}", (HttpContext context, string? file) => SendAsync(context, files, file))
            .ExcludeFromDescription()
            .WithOrder(int.MaxValue);
    }

    private static async Task SendAsync(HttpContext context, PhysicalFileProvider? files, string? file)
    {
        var response = context.Response;
        response.Headers.XContentTypeOptions = "nosniff";
        var name = string.IsNullOrEmpty(file) ? Index : file;
        var info = files?.GetFileInfo(name);
        if (info is not { Exists: true, IsDirectory: false } && ConsolePages.IsPage(name))
        {
            // Pages have addresses of their own, and the console shows them all. It also says that there is no such page.
            response.StatusCode = ConsolePages.IsKnown(name) ? StatusCodes.Status200OK : StatusCodes.Status404NotFound;
            name = Index;
            info = files?.GetFileInfo(name);
        }

        if (info is { Exists: true, IsDirectory: false })
        {
            await SendFileAsync(context, files!, info, name);
            return;
        }

        response.StatusCode = name == Index ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status404NotFound;
        response.ContentType = "text/html; charset=utf-8";
        await response.WriteAsync(name == Index ? NotBuilt : "<!doctype html><title>Not found</title>Not found", context.RequestAborted);
    }

    private static async Task SendFileAsync(HttpContext context, PhysicalFileProvider files, IFileInfo info, string name)
    {
        var response = context.Response;

        // Vite puts a hash of the content into the names below assets/, so these never change.
        response.Headers.CacheControl = name.StartsWith("assets/", StringComparison.Ordinal)
            ? "public, max-age=31536000, immutable"
            : "no-cache";
        response.Headers.ContentSecurityPolicy =
            "default-src 'self'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
        response.ContentType = Types.TryGetContentType(name, out var type) ? type : "application/octet-stream";
        response.Headers.Vary = "Accept-Encoding";
        var accepted = context.Request.GetTypedHeaders().AcceptEncoding;
        foreach (var (encoding, suffix) in Encodings)
        {
            // The build has put compressed copies beside the files of text.
            if (accepted.Any(a => a.Value == encoding && a.Quality is not 0) && files.GetFileInfo(name + suffix) is { Exists: true } compressed)
            {
                response.Headers.ContentEncoding = encoding;
                info = compressed;
                break;
            }
        }

        response.ContentLength = info.Length;
        await response.SendFileAsync(info, context.RequestAborted);
    }
}
