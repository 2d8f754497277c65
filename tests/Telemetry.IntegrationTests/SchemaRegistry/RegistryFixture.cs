using Telemetry.Testing;

namespace Telemetry.IntegrationTests.SchemaRegistry;

/// <summary>One registry for the tests that leave it alive; null where there can be none.</summary>
public sealed class RegistryFixture : IAsyncLifetime
{
    private RegistryServer? _server;

    /// <summary>The registry; skips the test when there is none.</summary>
    public RegistryServer Server
    {
        get
        {
            Assert.SkipWhen(_server is null, RegistryServer.MissingReason() ?? "no schema registry");
            return _server!;
        }
    }

    public async ValueTask InitializeAsync() => _server = RegistryServer.MissingReason() is null ? await RegistryServer.AnyAsync() : null;

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
