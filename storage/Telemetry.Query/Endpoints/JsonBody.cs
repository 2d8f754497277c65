using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>The body of a request as JSON.</summary>
internal static class JsonBody
{
    /// <summary>A JSON content type is asked for, so that no foreign page can make a browser send one.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bytesMax">Largest body.</param>
    /// <param name="bad">Makes the problem of a sentence.</param>
    /// <exception cref="ApiProblem">Not JSON, or too large.</exception>
    public static async Task<JsonDocument> ReadAsync(ApiRequest request, int bytesMax, Func<string, ApiProblem> bad)
    {
        Check(request, bytesMax, bad);
        try
        {
            return await JsonDocument.ParseAsync(request.Context.Request.Body, new JsonDocumentOptions { MaxDepth = 32 }, request.Aborted);
        }
        catch (JsonException error)
        {
            throw bad("The body is not JSON: " + error.Message);
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw bad($"The body is larger than {bytesMax} bytes.");
        }
    }

    /// <summary>The same as bytes, for who reads it himself.</summary>
    /// <exception cref="ApiProblem">Not JSON by its content type, or too large.</exception>
    public static async Task<byte[]> ReadBytesAsync(ApiRequest request, int bytesMax, Func<string, ApiProblem> bad)
    {
        Check(request, bytesMax, bad);
        try
        {
            using var body = new MemoryStream();
            await request.Context.Request.Body.CopyToAsync(body, request.Aborted);
            return body.ToArray();
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw bad($"The body is larger than {bytesMax} bytes.");
        }
    }

    private static void Check(ApiRequest request, int bytesMax, Func<string, ApiProblem> bad)
    {
        if (!request.Context.Request.HasJsonContentType())
        {
            throw bad("The body must be JSON, with Content-Type: application/json.");
        }

        if (request.Context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = bytesMax;
        }
    }
}
