using Telemetry.Host.Configuration;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Storage.ClickHouse.Http;

namespace Telemetry.Host.Composition;

/// <summary>Opens the store that the settings name.</summary>
internal static class Stores
{
    /// <exception cref="ClickHouseException">The engine does not start. A server is not asked yet.</exception>
    /// <exception cref="IOException">The password file cannot be read.</exception>
    public static async ValueTask<IClickHouse> OpenAsync(
        TelemetryOptions options, ILoggerFactory logging, CancellationToken cancellationToken) => options.ClickHouse.Endpoint is null
        ? await EmbeddedClickHouse.OpenAsync(options.ClickHouse, logging, cancellationToken)
        : new ClickHouseHttp(options.ClickHouse.ToHttp(), logging);

    /// <summary>For messages.</summary>
    public static string Describe(TelemetryOptions options) => options.ClickHouse.Endpoint is { } endpoint
        ? $"ClickHouse at {endpoint}"
        : $"the engine in {options.ClickHouse.DataDirectory}";
}
