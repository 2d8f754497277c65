using System.Net.Http.Headers;
using System.Text.Json;
using Telemetry.Host.Api;

namespace Telemetry.Host.Detection;

/// <summary>Settings of detectors of a running platform, over its API.</summary>
/// <param name="client">The API; disposed of with this.</param>
internal sealed class DetectorClient(ApiClient client) : IDisposable
{
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
        return await client.SendAsync(HttpMethod.Put, $"api/v1/detectors?{query}", content, cancellationToken);
    }

    public void Dispose() => client.Dispose();

    private Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) => client.GetAsync(path, cancellationToken);
}
