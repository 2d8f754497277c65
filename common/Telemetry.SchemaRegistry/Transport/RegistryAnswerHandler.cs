using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Telemetry.SchemaRegistry.Transport;

/// <summary>
/// Lets only a registry's answers through, and none that is larger than <see cref="AnswerBytesMax"/>. Success without JSON, such as a
/// login page, becomes an <see cref="HttpRequestException"/>, on which the package goes on to the next URL. An error without the
/// registry's form gets one with the HTTP status as code, because the package loses the status otherwise.
/// </summary>
internal sealed class RegistryAnswerHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>Bytes of the largest answer that is read.</summary>
    public const int AnswerBytesMax = 4 << 20;

    private const int MessageCharsMax = 600;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        try
        {
            await response.Content.LoadIntoBufferAsync(AnswerBytesMax, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return IsRegistryError(body) ? response : WithError(response, body);
            }

            return TryParse(body, out _)
                ? response
                : throw new HttpRequestException("the answer is not JSON. Is this the base URL of a schema registry, path included?");
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private static HttpResponseMessage WithError(HttpResponseMessage response, byte[] body)
    {
        var text = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, MessageCharsMax)));
        response.Content.Dispose();
        response.Content = JsonContent.Create(new { error_code = (int)response.StatusCode, message = text });
        return response;
    }

    private static bool IsRegistryError(byte[] body) =>
        TryParse(body, out var answer)
        && answer is { ValueKind: JsonValueKind.Object }
        && answer.TryGetProperty("error_code", out var code)
        && code.ValueKind == JsonValueKind.Number
        && code.TryGetInt32(out _);

    private static bool TryParse(byte[] body, out JsonElement answer)
    {
        try
        {
            answer = JsonSerializer.Deserialize<JsonElement>(body);
            return true;
        }
        catch (JsonException)
        {
            answer = default;
            return false;
        }
    }
}
