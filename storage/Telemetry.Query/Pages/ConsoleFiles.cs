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

    private static readonly FileExtensionContentTypeProvider Types = new();

    public static void Map(IEndpointRouteBuilder routes, QueryOptions options, ILogger logger)
    {
        var folder = options.ConsoleFolder is { } path ? Path.GetFullPath(path) : null;
        var files = Directory.Exists(folder) ? new PhysicalFileProvider(folder) : null;
        if (files?.GetFileInfo("index.html").Exists != true)
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
        var name = string.IsNullOrEmpty(file) ? "index.html" : file;
        var info = files?.GetFileInfo(name);
        if (info is { Exists: true, IsDirectory: false })
        {
            // Vite puts a hash of the content into the names below assets/, so these never change.
            response.Headers.CacheControl = name.StartsWith("assets/", StringComparison.Ordinal)
                ? "public, max-age=31536000, immutable"
                : "no-cache";
            response.Headers.ContentSecurityPolicy =
                "default-src 'self'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
            response.ContentType = Types.TryGetContentType(name, out var type) ? type : "application/octet-stream";
            response.ContentLength = info.Length;
            await response.SendFileAsync(info, context.RequestAborted);
            return;
        }

        response.StatusCode = name == "index.html" ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status404NotFound;
        response.ContentType = "text/html; charset=utf-8";
        await response.WriteAsync(name == "index.html" ? NotBuilt : "<!doctype html><title>Not found</title>Not found", context.RequestAborted);
    }
}
