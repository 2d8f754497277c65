using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Telemetry.Host.Api;

/// <summary>The API of a running platform, as commands ask it. What goes wrong is told with what to do.</summary>
internal sealed class ApiClient : IDisposable
{
    private readonly HttpClient _client;

    /// <param name="address">Where it is served.</param>
    /// <param name="token">What is shown at the door; null: nothing.</param>
    /// <param name="timeout">Longest wait for an answer; null: the framework's 100 s. Streams are not bound by it once they are open.</param>
    public ApiClient(Uri address, AuthenticationHeaderValue? token, TimeSpan? timeout = null)
    {
        _client = new HttpClient { BaseAddress = address, DefaultRequestHeaders = { Authorization = token } };
        if (timeout is { } limit)
        {
            _client.Timeout = limit;
        }
    }

    /// <exception cref="IOException">The API says no, or nobody answers; the message says why.</exception>
    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, cancellationToken);

    /// <inheritdoc cref="GetAsync"/>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var response = await OpenAsync(method, path, content, null, cancellationToken);
        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    /// <summary>An answer whose body is read by the caller.</summary>
    /// <inheritdoc cref="GetAsync"/>
    public async Task<HttpResponseMessage> OpenAsync(
        HttpMethod method, string path, HttpContent? content, string? accept, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (accept is not null)
        {
            request.Headers.Accept.ParseAdd(accept);
        }

        HttpResponseMessage response;
        try
        {
            response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new IOException(
                $"Nothing answers at {_client.BaseAddress} ({e.Message.TrimEnd('.')}). Is the platform running? Start it with telemetry up, or name another with --api http://HOST:PORT/.", e);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new IOException(await ExplainAsync(response, cancellationToken));
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<string> ExplainAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var said = await ProblemAsync(response, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized =>
                $"{_client.BaseAddress} wants to know who asks (401). Make a token with: telemetry users token add NAME --role ROLE --users-file FILE >token; then give "
                + "--token-file token, or name that file in TELEMETRY_TOKEN_FILE, or put the token itself into TELEMETRY_TOKEN.",
            HttpStatusCode.Forbidden =>
                $"{said ?? "Refused."} (403) The token given does not allow it: use one of a user with a higher role, or who sees this device (telemetry users token add NAME --role ROLE).",
            _ => said ?? $"The answer of {_client.BaseAddress} is not this API's ({(int)response.StatusCode} {response.Content.Headers.ContentType}). Is it the address of a platform's API?",
        };
    }

    /// <summary>Title and detail of a problem; null when the body is none.</summary>
    private static async Task<string?> ProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var problem = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            return problem.TryGetProperty("detail", out var detail) ? $"{problem.GetProperty("title").GetString()}: {detail.GetString()}" : problem.GetProperty("title").GetString();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
