using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>
/// The platform that runs over a data directory and holds its log and store. Commands that need them ask it to do their work: a second process cannot open them.
/// </summary>
internal sealed class RunningInstance : IDisposable
{
    private readonly HttpClient _client;

    private RunningInstance(Uri api, AuthenticationHeaderValue? token)
    {
        // Audits and backtests answer when they are done.
        _client = new HttpClient { BaseAddress = new Uri(api, "api/v1/"), Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.Authorization = token;
    }

    /// <summary>Null when nothing runs over the data directory; on a cluster log and store are servers of their own.</summary>
    public static RunningInstance? Find(TelemetryOptions options, TokenOption token, ParseResult result) =>
        !options.IsKafka && InstanceFile.IsRunning(options) ? new RunningInstance(InstanceFile.FindApi(options), token.Read(result)) : null;

    /// <exception cref="IOException">Refused; the message says why.</exception>
    public async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var response = await _client.GetAsync(path, cancellationToken);
        return await AnswerAsync<T>(response, cancellationToken);
    }

    /// <exception cref="IOException">Refused; the message says why.</exception>
    public async Task<T> PostAsync<T>(string path, object order, CancellationToken cancellationToken)
    {
        using var response = await _client.PostAsJsonAsync(path, order, cancellationToken);
        return await AnswerAsync<T>(response, cancellationToken);
    }

    public void Dispose() => _client.Dispose();

    private static async Task<T> AnswerAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return (await response.Content.ReadFromJsonAsync<T>(cancellationToken))!;
        }

        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw new IOException(
                "The platform that runs over this data directory asks who you are: give --token-file with an API token (./telemetry users token add NAME --role administrator), or stop it first.");
        }

        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        throw new IOException($"{problem.GetProperty("title")}: {problem.GetProperty("detail")}");
    }
}
