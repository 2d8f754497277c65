using System.Text.Json;

namespace Telemetry.IntegrationTests.Query;

/// <summary>Reads server-sent events as a browser does.</summary>
internal sealed class LiveClientReader : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private LiveClientReader(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _reader = new StreamReader(body);
    }

    /// <summary>Opens the stream; when this returns, the server has the client on its list.</summary>
    public static async Task<LiveClientReader> OpenAsync(HttpClient client, string path)
    {
        var response = await client.GetAsync(
            new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, QueryStore.Token);
        response.EnsureSuccessStatusCode();
        var reader = new LiveClientReader(response, await response.Content.ReadAsStreamAsync(QueryStore.Token));
        await reader.ReadLineAsync(line => line == ": hello");
        return reader;
    }

    public async Task<IReadOnlyList<(string Name, JsonElement Data)>> ReadAsync(int readingsOrEvents)
    {
        var events = new List<(string, JsonElement)>();
        var count = 0;
        while (count < readingsOrEvents)
        {
            var name = (await ReadLineAsync(line => line.StartsWith("event: ", StringComparison.Ordinal)))["event: ".Length..];
            var data = JsonDocument.Parse((await ReadLineAsync(line => line.StartsWith("data: ", StringComparison.Ordinal)))["data: ".Length..]).RootElement;
            events.Add((name, data));
            count += data.ValueKind == JsonValueKind.Array ? data.GetArrayLength() : 1;
        }

        return events;
    }

    public async Task<string> ReadLineAsync(Func<string, bool> wanted)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(QueryStore.Token);
        timeout.CancelAfter(Patience);
        while (true)
        {
            var line = await _reader.ReadLineAsync(timeout.Token) ?? throw new EndOfStreamException("The stream ended.");
            if (wanted(line))
            {
                return line;
            }
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }
}
