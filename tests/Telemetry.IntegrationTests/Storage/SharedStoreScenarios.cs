using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.ClickHouseServer;
using Telemetry.ClickHouseServer.Options;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Storage.ClickHouse.Http;
using Telemetry.Storage.Sink;
using Telemetry.Streams.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>Processes of a store that several share: the engine with its HTTP interface, and sinks that write through it.</summary>
internal static class SharedStoreScenarios
{
    public const string EndpointFile = "endpoint";
    public const string KafkaFile = "kafka";

    /// <summary>The engine, served until the process is killed.</summary>
    public static async Task ServeAsync(string directory)
    {
        await using var engine = await EmbeddedClickHouse.OpenAsync(
            new EmbeddedClickHouseOptions { DataDirectory = Path.Combine(directory, "store") }, NullLoggerFactory.Instance, CancellationToken.None);
        await using var server = await ClickHouseHttpServer.StartAsync(
            engine, new ClickHouseServerOptions { Port = 0 }, NullLoggerFactory.Instance, TimeProvider.System, null, CancellationToken.None);
        await PublishAsync(Path.Combine(directory, EndpointFile), $"http://{server.Address}");
        await Task.Delay(Timeout.Infinite);
    }

    /// <summary>A sink of the group, until the process is killed. Its endpoint is in a file of its own.</summary>
    public static async Task JoinAsync(string directory, int number, bool fenced)
    {
        using var logging = LoggerFactory.Create(b => b.AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Information));
        var endpoint = await File.ReadAllTextAsync(Path.Combine(directory, $"{EndpointFile}-{number}"));
        await using var log = KafkaLog.Open(
            new KafkaOptions
            {
                BootstrapServers = await File.ReadAllTextAsync(Path.Combine(directory, KafkaFile)),
                SessionTimeout = TimeSpan.FromSeconds(6),
                TransactionTimeout = TimeSpan.FromSeconds(10),
            },
            logging,
            TimeProvider.System);
        await using var http = new ClickHouseHttp(new ClickHouseHttpOptions { Endpoint = new Uri(endpoint) }, logging);
        await using var sink = new StorageSink(
            log,
            new LateClickHouse(http, isShared: fenced),
            StorageHarness.Options with { TransactionalId = Name(number), RetryMax = TimeSpan.FromSeconds(1) },
            logging,
            TimeProvider.System);
        await sink.StartAsync(CancellationToken.None);
        await Task.Delay(Timeout.Infinite);
    }

    public static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"store-{number}");

    /// <summary>Whoever sees the file sees all of it.</summary>
    public static async Task PublishAsync(string path, string text)
    {
        await File.WriteAllTextAsync($"{path}.new", text);
        File.Move($"{path}.new", path, overwrite: true);
    }
}
