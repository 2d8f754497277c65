using System.IO.Compression;
using Telemetry.ClickHouseServer.Errors;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.ClickHouseServer.Requests;

/// <summary>HTTP content codings: gzip, deflate and br. Clients that offer others beside them get one of these.</summary>
internal static class ContentCodings
{
    private static readonly string[] Preferred = ["br", "gzip", "deflate"];

    /// <summary>The coding ClickHouse takes from a list; null when it knows none of them.</summary>
    public static string? Choose(string? accepted)
    {
        if (accepted is null)
        {
            return null;
        }

        var offered = accepted.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(o => !o.Replace(" ", "", StringComparison.Ordinal).EndsWith(";q=0", StringComparison.Ordinal))
            .Select(o => o.Split(';')[0].Trim().ToLowerInvariant())
            .ToHashSet();
        return Array.Find(Preferred, offered.Contains);
    }

    /// <summary>Stream to write an answer through; <see cref="Stream.Flush"/> sends what there is.</summary>
    public static Stream Compress(Stream destination, string coding) => coding switch
    {
        "gzip" => new GZipStream(destination, CompressionLevel.Fastest, leaveOpen: true),
        "deflate" => new ZLibStream(destination, CompressionLevel.Fastest, leaveOpen: true),
        "br" => new BrotliStream(destination, CompressionLevel.Fastest, leaveOpen: true),
        _ => throw new ArgumentOutOfRangeException(nameof(coding), coding, "not done here"),
    };

    /// <summary>Stream to read a body through.</summary>
    /// <exception cref="ClickHouseException">An unknown coding.</exception>
    public static Stream Decompress(Stream source, string coding) => coding switch
    {
        "" or "identity" => source,
        "gzip" or "x-gzip" => new GZipStream(source, CompressionMode.Decompress, leaveOpen: true),
        "deflate" => new ZLibStream(source, CompressionMode.Decompress, leaveOpen: true),
        "br" => new BrotliStream(source, CompressionMode.Decompress, leaveOpen: true),
        _ => throw new ClickHouseException(
            ErrorCodes.UnknownCompressionMethod, ErrorCodes.Text(ErrorCodes.UnknownCompressionMethod, $"The content encoding {coding} is not served here: use gzip, deflate or br")),
    };
}
