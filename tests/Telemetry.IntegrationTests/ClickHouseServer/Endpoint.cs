using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.ClickHouseServer;
using Telemetry.ClickHouseServer.Options;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.ClickHouseServer;

/// <summary>The HTTP interface over the test process's one engine.</summary>
internal sealed class Endpoint : IAsyncDisposable
{
    private readonly ClickHouseHttpServer _server;

    private Endpoint(ClickHouseHttpServer server) => _server = server;

    public Uri Url => new($"http://{_server.Address}/");

    public static async Task<Endpoint> StartAsync(EngineFixture engine, ClickHouseServerOptions? options = null) => new(
        await ClickHouseHttpServer.StartAsync(
            engine.Engine, (options ?? new ClickHouseServerOptions()) with { Port = 0 }, NullLoggerFactory.Instance, TimeProvider.System, null,
            CancellationToken.None));

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
