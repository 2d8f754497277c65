using System.Net.Http.Headers;
using System.Text.Json;

namespace Telemetry.Host.Detection;

/// <summary>Settings of detectors of a running platform, over its API.</summary>
internal sealed class DetectorClient(Uri api, AuthenticationHeaderValue? token = null) : IDisposable
{
    private readonly HttpClient _client = new()
    {
        BaseAddress = api,
        Timeout = TimeSpan.FromSeconds(30),
        DefaultRequestHeaders = { Authorization = token },
    };

    /// <summary>The newest version with everything beside it.</summary>
    public Task<JsonElement> ShowAsync(CancellationToken cancellationToken) => GetAsync("api/v1/detectors", cancellationToken);

    /// <summary>Versions, the newest first.</summary>
    public Task<JsonElement> HistoryAsync(CancellationToken cancellationToken) => GetAsync("api/v1/detectors/history?limit=1000", cancellationToken);

    /// <summary>What runs on a series.</summary>
    public Task<JsonElement> OfSeriesAsync(string device, string sensor, CancellationToken cancellationToken) => GetAsync(
        $"api/v1/devices/{Uri.EscapeDataString(device)}/sensors/{Uri.EscapeDataString(sensor)}/detectors", cancellationToken);

    /// <summary>Puts a document in force.</summary>
    /// <exception cref="IOException">Refused; the message says why.</exception>
    public async Task<JsonElement> PutAsync(
        ReadOnlyMemory<byte> document, int? expected, string source, string comment, CancellationToken cancellationToken)
    {
        var query = $"source={source}&by={Uri.EscapeDataString(Environment.UserName)}&comment={Uri.EscapeDataString(comment)}"
            + (expected is { } version ? $"&expected={version}" : "");
        using var content = new ReadOnlyMemoryContent(document);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await _client.PutAsync($"api/v1/detectors?{query}", content, cancellationToken);
        return await AnswerAsync(response, cancellationToken);
    }

    public void Dispose() => _client.Dispose();

    private async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _client.GetAsync(path, cancellationToken);
        return await AnswerAsync(response, cancellationToken);
    }

    private static async Task<JsonElement> AnswerAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return response.IsSuccessStatusCode ? answer : throw new IOException($"{answer.GetProperty("title")}: {answer.GetProperty("detail")}");
    }
}
