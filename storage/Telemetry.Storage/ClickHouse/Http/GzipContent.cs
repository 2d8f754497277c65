using System.IO.Compression;
using System.Net;

namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>A block, compressed as it goes out: no second copy.</summary>
internal sealed class GzipContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _block;

    public GzipContent(ReadOnlyMemory<byte> block)
    {
        _block = block;
        Headers.ContentEncoding.Add("gzip");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true);
        await gzip.WriteAsync(_block, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
