using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.IntegrationTests.Support;
using Telemetry.Storage;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Sink;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>A log and a store in one folder, as one process has them. At most one a process.</summary>
internal sealed class StorageHarness : IAsyncDisposable
{
    public const int Partitions = 3;

    /// <summary>What a sink reads and writes.</summary>
    public static IReadOnlyList<TopicSpec> Topics { get; } =
    [
        new(LogTopics.Readings, Partitions),
        new(LogTopics.SinkState, Partitions, Compacted: true),
        new(LogTopics.Anomalies, 1),
        new(LogTopics.DeviceEvents, 1),
        new(LogTopics.Incidents, 1),
        new(LogTopics.Alarms, 1),
        new(LogTopics.Catalogue, 1),
        new(LogTopics.DeadLetters, 1),
    ];

    private StorageHarness(JournalLog log, EmbeddedClickHouse clickHouse) => (Log, ClickHouse) = (log, clickHouse);

    public JournalLog Log { get; }

    public EmbeddedClickHouse ClickHouse { get; }

    /// <summary>Quick cadence: many inserts and checkpoints in a short run.</summary>
    public static SinkOptions Options { get; private set; } = new()
    {
        RawFlushInterval = TimeSpan.FromMilliseconds(40),
        RawFlushIntervalUnread = TimeSpan.FromMilliseconds(40),
        EventFlushInterval = TimeSpan.FromMilliseconds(40),
        EventFlushIntervalUnread = TimeSpan.FromMilliseconds(40),
        RollupInterval = TimeSpan.FromMilliseconds(150),
        RollupIntervalUnread = TimeSpan.FromMilliseconds(150),
        FreeDiskBytesMin = 0,
        RetryMin = TimeSpan.FromMilliseconds(50),

        // A checkpoint or a start that waits for checks waits for all of them, however slow the machine: what is found is then the same in each run.
        PartsCheckWait = TimeSpan.FromSeconds(30),
        PartsCheckInterval = TimeSpan.FromMilliseconds(100),
    };

    /// <summary>As while nobody reads: rollups and checkpoint far behind raw.</summary>
    public static SinkOptions Unread => Options with
    {
        UnreadAfter = TimeSpan.Zero,
        RawFlushIntervalUnread = TimeSpan.FromMilliseconds(150),
        EventFlushIntervalUnread = TimeSpan.FromMilliseconds(200),
        RollupIntervalUnread = TimeSpan.FromSeconds(2),
    };

    /// <summary>From now on sinks claim partitions, as with a store that other processes write.</summary>
    public static void Share() => Options = Options with { FenceEmbedded = true };

    public static async Task<StorageHarness> OpenAsync(
        string directory, ILoggerFactory? loggers = null, string? store = null, TimeSpan? minutes = null)
    {
        var log = JournalLog.Open(
            new JournalOptions { Directory = Path.Combine(directory, "log"), FreeBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System);
        await log.EnsureTopicsAsync(Topics, CancellationToken.None);
        var clickHouse = await EmbeddedClickHouse.OpenAsync(
            new EmbeddedClickHouseOptions { DataDirectory = store ?? Path.Combine(directory, "store"), QueryLanes = 2 },
            NullLoggerFactory.Instance,
            CancellationToken.None);
        await SchemaMigrator.ApplyAsync(
            clickHouse, new SchemaOptions { FreeDiskBytesMin = 0, RawRetention = TimeSpan.FromDays(36500), MinuteRetention = minutes ?? TimeSpan.FromDays(36500) },
            loggers ?? NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);
        return new StorageHarness(log, clickHouse);
    }

    public StorageSink Sink(SinkOptions? options = null, ILoggerFactory? loggers = null, IClickHouse? clickHouse = null) =>
        new(Log, clickHouse ?? ClickHouse, options ?? Options, loggers ?? new LogEntries(), TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await ClickHouse.DisposeAsync();
        await Log.DisposeAsync();
    }
}
