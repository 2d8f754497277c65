using System.IO.Compression;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Options;

namespace Telemetry.Host.Composition;

/// <summary>
/// Which answers go out compressed (br, gzip), over HTTP and HTTPS alike. Left out is whatever holds a secret beside text that a client chose: its length would
/// tell the secret letter by letter (BREACH). Those are the pages and answers with an antiforgery token or an API token; the session itself is in a cookie, which
/// is a header and never compressed. Streams of events are left out too: each event has to leave at once.
/// </summary>
internal sealed class CompressedAnswers(IServiceProvider services, IOptions<ResponseCompressionOptions> options)
    : ResponseCompressionProvider(services, options)
{
    /// <summary>What is text. Parquet and Arrow are compressed inside.</summary>
    private static readonly string[] Types =
    [
        "application/json", "application/problem+json", "application/openapi+json", "application/x-ndjson", "application/openmetrics-text", "text/csv",
        "text/html", "text/css", "text/plain", "text/javascript", "application/javascript", "image/svg+xml",
    ];

    private static readonly PathString[] Secret = ["/signin", "/signout", "/api/v1/session", "/api/v1/tokens"];

    /// <summary>Adds it; call before the application is built.</summary>
    public static void AddTo(IServiceCollection services)
    {
        services.AddResponseCompression(compression =>
        {
            compression.EnableForHttps = true;
            compression.MimeTypes = Types;
            compression.Providers.Add<BrotliCompressionProvider>();
            compression.Providers.Add<GzipCompressionProvider>();
        });

        // An answer is made once and read once. Brotli's fastest level makes more bytes than gzip's; the next one (quality 4) makes fewer at about the same cost.
        services.Configure<BrotliCompressionProviderOptions>(brotli => brotli.Level = CompressionLevel.Optimal);
        services.Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Fastest);
        services.AddSingleton<IResponseCompressionProvider, CompressedAnswers>();
    }

    /// <inheritdoc/>
    public override bool ShouldCompressResponse(HttpContext context) =>
        !Secret.Any(path => context.Request.Path.StartsWithSegments(path)) && base.ShouldCompressResponse(context);
}
