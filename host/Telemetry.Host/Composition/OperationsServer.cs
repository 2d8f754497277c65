using Telemetry.Host.Configuration;
using Telemetry.Host.Metrics;

namespace Telemetry.Host.Composition;

/// <summary>HTTP of a process that has nothing to serve but its metrics and health: the simulator in a container.</summary>
internal static class OperationsServer
{
    /// <exception cref="IOException">The address cannot be had.</exception>
    public static async Task<IAsyncDisposable> StartAsync(
        HttpOptions options,
        MetricsRegistry metrics,
        Func<IReadOnlyList<string>> notReady,
        ILoggerFactory logging,
        CancellationToken cancellationToken) =>
        await WebServer.StartAsync(options, [], metrics, notReady, logging, cancellationToken);
}
