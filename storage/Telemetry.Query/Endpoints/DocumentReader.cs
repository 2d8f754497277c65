using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>Reads a document from the body of a request.</summary>
internal static class DocumentReader
{
    private const int BytesMax = 256 << 10;

    /// <summary>The body. A JSON content type is asked for, so that no foreign page can make a browser change settings.</summary>
    /// <exception cref="ApiProblem">There is none, it is too large, or it is of another type.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(ApiRequest request) =>
        await TryReadAsync(request) is { } document ? document : throw Bad("The body must be the document, JSON with Content-Type: application/json.");

    /// <summary>The body; null when there is none.</summary>
    /// <exception cref="ApiProblem">It is too large, or of another type.</exception>
    public static async Task<ReadOnlyMemory<byte>?> TryReadAsync(ApiRequest request)
    {
        if (!request.Context.Request.HasJsonContentType())
        {
            throw Bad("Give Content-Type: application/json.");
        }

        if (request.Context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = BytesMax;
        }

        using var body = new MemoryStream();
        try
        {
            await request.Context.Request.Body.CopyToAsync(body, request.Aborted);
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw Bad($"The body is larger than {BytesMax} bytes.");
        }

        // Not plain null: that would be an array, and become an empty document.
        return body.Length == 0 ? (ReadOnlyMemory<byte>?)null : body.ToArray();
    }

    private static ApiProblem Bad(string detail) => new(400, "bad-body", "The body is not usable", detail);
}
