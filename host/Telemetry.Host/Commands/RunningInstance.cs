using System.CommandLine;
using System.Text.Json;
using Telemetry.Host.Api;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>
/// The platform that runs over a data directory and holds its log and store. Commands that need them ask it to do their work: a second process cannot open them.
/// </summary>
internal sealed class RunningInstance : IDisposable
{
    private const string Root = "api/v1/";

    private readonly ApiClient _api;

    private RunningInstance(ApiClient api) => _api = api;

    /// <summary>Null when nothing runs over the data directory; on a cluster log and store are servers of their own.</summary>
    public static RunningInstance? Find(TelemetryOptions options, TokenOption token, ParseResult result) =>
        // Audits and backtests answer when they are done.
        !options.IsKafka && InstanceFile.IsRunning(options)
            ? new RunningInstance(new ApiClient(InstanceFile.FindApi(options), token.Read(result), Timeout.InfiniteTimeSpan))
            : null;

    /// <exception cref="IOException">Refused; the message says why.</exception>
    public async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) => Read<T>(await _api.GetAsync(Root + path, cancellationToken));

    /// <inheritdoc cref="GetAsync"/>
    public async Task<T> PostAsync<T>(string path, object order, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(order);
        return Read<T>(await _api.SendAsync(HttpMethod.Post, Root + path, content, cancellationToken));
    }

    public void Dispose() => _api.Dispose();

    private static T Read<T>(JsonElement answer) => answer.Deserialize<T>(JsonSerializerOptions.Web)!;
}
