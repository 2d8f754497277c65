using System.Text.Json;

namespace Telemetry.IntegrationTests.Query;

internal static class HttpJson
{
    /// <summary>The JSON of a successful answer; a problem fails the test with its text.</summary>
    public static async Task<JsonElement> GetJsonAsync(this HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), QueryStore.Token);
        var text = await response.Content.ReadAsStringAsync(QueryStore.Token);
        response.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>The problem of a refused request.</summary>
    public static async Task<JsonElement> GetProblemAsync(this HttpClient client, string path, int status)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), QueryStore.Token);
        var text = await response.Content.ReadAsStringAsync(QueryStore.Token);
        ((int)response.StatusCode).ShouldBe(status, text);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        return JsonDocument.Parse(text).RootElement;
    }
}
