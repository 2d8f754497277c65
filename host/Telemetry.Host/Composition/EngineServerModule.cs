using System.Net;
using Telemetry.ClickHouseServer;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.Host.Composition;

/// <summary>ClickHouse's HTTP interface over the engine in this process, for roles that run apart and for tools.</summary>
internal sealed class EngineServerModule(PlatformServices services, EmbeddedClickHouse engine) : RoleModule("clickhouse")
{
    private ClickHouseHttpServer? _server;

    /// <inheritdoc/>
    public override IPEndPoint? Address => _server?.Address;

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken) => _server = await ClickHouseHttpServer.StartAsync(
        engine, services.Options.ClickHouseServer, services.Logging, services.Time, null, cancellationToken,
        BudgetedSockets.Transport(services.Sockets.Share("clickhouse", services.Sockets.Limit / 4), services.Logging));

    /// <inheritdoc/>
    public override Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await base.DisposeAsync();
    }
}
