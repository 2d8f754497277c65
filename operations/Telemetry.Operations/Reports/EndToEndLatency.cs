using System.Text.Json;
using System.Text.Json.Nodes;

namespace Telemetry.Operations.Reports;

/// <summary>Device clock to queryable row, as a running platform measures it over the last minute, in milliseconds.</summary>
public static class EndToEndLatency
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Quantiles p50, p95 and p99; null when the platform does not answer or has none yet.</summary>
    public static async Task<JsonNode?> ReadAsync(Uri api)
    {
        using var http = new HttpClient { BaseAddress = api, Timeout = Timeout };
        try
        {
            var health = JsonNode.Parse(await http.GetStringAsync("api/v1/pipeline", CancellationToken.None));
            return health?["latency"]?["e2eMs"]?.DeepClone();
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"No end-to-end latency in the report: {api} does not answer ({e.Message}).");
            return null;
        }
    }
}
