using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage.ClickHouse.Http;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Sink;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Testing.Servers;
using Telemetry.Testing.Servers.ClickHouse;

namespace Telemetry.IntegrationTests.Servers;

/// <summary>The schema and the sink on a replicated ClickHouse cluster: two servers and a Keeper. Runs where a Docker engine answers.</summary>
public sealed class ReplicatedStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-replicated-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Both_replicas_hold_each_reading_once_though_one_is_killed_in_between()
    {
        Assert.SkipWhen(TestServers.ReplicatedClickHouse.MissingReason() is not null, TestServers.ReplicatedClickHouse.MissingReason() ?? "");
        await using var servers = await ReplicatedClickHouse.StartAsync(Token);
        await using var log = JournalLog.Open(
            new JournalOptions { Directory = Path.Combine(_directory, "log"), FreeBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System);
        await log.EnsureTopicsAsync(StorageHarness.Topics, Token);
        await using var clickHouse = Client(servers, servers.Endpoints[0], servers.Endpoints[1]);
        await SchemaMigrator.ApplyAsync(clickHouse, Schema, NullLoggerFactory.Instance, TimeProvider.System, Token);
        await using var feed = new ReadingFeed(log, seed: 1);
        await using var sink = new StorageSink(log, clickHouse, StorageHarness.Options, NullLoggerFactory.Instance, TimeProvider.System);
        await sink.StartAsync(Token);

        for (var i = 0; i < 2000; i++)
        {
            feed.Append();
            if (i == 1000)
            {
                await feed.FlushAsync();
                await servers.KillAsync(1, Token);
            }
        }

        await feed.FlushAsync();
        await sink.DrainAsync(Token);
        await sink.StopAsync(Token);
        await using var other = Client(servers, servers.Endpoints[1]);
        (await StoreProof.FindDifferencesAsync(log, other)).ShouldBeEmpty();
    }

    private static SchemaOptions Schema => new()
    {
        Cluster = ReplicatedClickHouse.Cluster,
        FreeDiskBytesMin = 0,
        RawRetention = TimeSpan.FromDays(36500),
        MinuteRetention = TimeSpan.FromDays(36500),
    };

    private static ClickHouseHttp Client(ReplicatedClickHouse servers, Uri endpoint, params Uri[] others) => new(
        new ClickHouseHttpOptions { Endpoint = endpoint, OtherEndpoints = others, User = servers.User, Password = servers.Password },
        NullLoggerFactory.Instance);
}
