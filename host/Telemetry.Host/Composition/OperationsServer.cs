using Telemetry.Edge.Sockets;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Observability;

namespace Telemetry.Host.Composition;

/// <summary>HTTP of a process that has nothing to serve but its metrics and health: the simulator in a container.</summary>
internal static class OperationsServer
{
    /// <summary>Scrapers and probes are few, and the process needs its files for something else.</summary>
    private const int MostSockets = 512;

    /// <exception cref="IOException">The address cannot be had.</exception>
    public static async Task<IAsyncDisposable> StartAsync(
        TelemetryOptions options,
        Instrumentation instrumentation,
        Func<IReadOnlyList<string>> notReady,
        HostLogging logging,
        CancellationToken cancellationToken) =>
        await WebServer.StartAsync(
            options, new SocketBudget(MostSockets, logging, TimeProvider.System), [], instrumentation, notReady, logging, grpcPort: null, cancellationToken);
}
