using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.IntegrationTests.ClickHouseServer;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Http;
using Telemetry.Testing.Servers;
using Telemetry.Testing.Servers.ClickHouse;

namespace Telemetry.IntegrationTests.Servers;

/// <summary>The contract over HTTP against a real ClickHouse server, where one can be had.</summary>
[Collection(EngineFixture.Collection)]
public sealed class RealClickHouseContractTests(EngineFixture fixture) : ClickHouseContract(fixture)
{
    private ClickHouseNode? _server;

    public override async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await ClickHouse.DisposeAsync();
            await _server.DisposeAsync();
        }
    }

    protected override async ValueTask<IClickHouse> OpenAsync()
    {
        Assert.SkipWhen(TestServers.ClickHouse.MissingReason() is not null, TestServers.ClickHouse.MissingReason() ?? "");
        _server = await ClickHouseNode.StartAsync(Token);
        return new ClickHouseHttp(
            new ClickHouseHttpOptions { Endpoint = _server.Endpoint, User = _server.User, Password = _server.Password }, NullLoggerFactory.Instance);
    }
}
