using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>
/// The one embedded engine of this test process (libchdb takes one data directory a process). Tests share it and own
/// their table names; what needs a directory of its own runs in a child process.
/// </summary>
public sealed class EngineFixture : IAsyncLifetime
{
    public const string Collection = "embedded ClickHouse";

    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-engine-").FullName;

    public EmbeddedClickHouse Engine { get; private set; } = null!;

    /// <summary>A name no other test uses.</summary>
    public static string TableName() => $"t_{Guid.NewGuid():N}";

    public async ValueTask InitializeAsync() => Engine = await EmbeddedClickHouse.OpenAsync(
        new EmbeddedClickHouseOptions { DataDirectory = _directory }, NullLoggerFactory.Instance, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}

[CollectionDefinition(EngineFixture.Collection)]
public sealed class EngineCollection : ICollectionFixture<EngineFixture>;
