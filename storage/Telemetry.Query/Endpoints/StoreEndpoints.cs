using System.Text.Json;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Sizes;

namespace Telemetry.Query.Endpoints;

/// <summary>What the store takes on disk.</summary>
internal static class StoreEndpoints
{
    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "store-size", "/store/size", "What the store takes on disk",
            "Bytes, rows, parts and files by table and column, the largest first, and the parts that merges have replaced and that are still there. 'bytesPerReading' is by the raw readings "
            + "held, marker rows included. A column's bytes are known in wide parts only (from 10 MB on). On a cluster: all replicas together.",
            [], ApiEndpoint.Json, SizeAsync),
    ];

    private static async Task SizeAsync(ApiRequest request)
    {
        StoreSize size;
        using (await request.Parts.Gate.EnterAsync(request.Aborted))
        {
            size = await StoreSizeReader.ReadAsync(request.Parts.Services.ClickHouse, request.Parts.Services.Time, QueryKind.Reader, request.Aborted);
        }

        await WriteAsync(request, size);
    }

    private static Task WriteAsync<T>(ApiRequest request, T answer)
    {
        request.Response.ContentType = "application/json";
        request.Response.Headers.CacheControl = "no-store";
        return JsonSerializer.SerializeAsync(request.Response.Body, answer, JsonSerializerOptions.Web, request.Aborted);
    }
}
