using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Processing;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.MlNet;
using Telemetry.Processing.Pipeline;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;
using Telemetry.Streams.Journal;
using Telemetry.Streams.State;

namespace Telemetry.Tests.Processing;

/// <summary>A journal with readings of a random fleet in two partitions, and what must come out of them.</summary>
internal sealed class ProcessorFixture : IAsyncDisposable
{
    public const int Partitions = 2;

    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);
    private readonly string _directory = Directory.CreateTempSubdirectory("processing-").FullName;

    public ProcessorFixture(ProcessingOptions? options = null)
    {
        Options = options ?? Quick;
        Log = Open();
    }

    /// <summary>Small blocks, quick commits, snapshots that go round many times, tight bounds.</summary>
    public static ProcessingOptions Quick => new()
    {
        CommitInterval = TimeSpan.FromMilliseconds(2),
        RetryDelay = TimeSpan.FromMilliseconds(1),
        RetryDelayMax = TimeSpan.FromMilliseconds(5),
        CommitRecordsMax = 25,
        PollRecordsMax = 13,
        BlocksInFlightMax = 2,
        Detectors = () =>
        [
            SeriesDetectors.Create(new IidSpikeOptions { PvalueHistoryLength = 8 }),
            SeriesDetectors.Create(new IidChangePointOptions { ChangeHistoryLength = 8 }),
        ],
        AlertHoldOff = TimeSpan.FromSeconds(5),
        IncidentHoldOff = TimeSpan.FromSeconds(5),
        IncidentUpdateEvery = TimeSpan.FromSeconds(1),
        LateBytesPerDeviceMax = 400,
        SilentAfter = TimeSpan.FromMinutes(5),
        TickAfter = TimeSpan.FromMilliseconds(5),
        Duplicates = new() { RangesPerBootMax = 3, BootsPerDeviceMax = 2, ClosedBootsPerDeviceMax = 2 },
        State = new() { KeysMax = 5, SweepStride = 20, SnapshotCycle = TimeSpan.FromMilliseconds(40), SnapshotBytesPerCommitMax = 4000 },
    };

    public ProcessingOptions Options { get; }

    public JournalLog Log { get; }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Creates topics and appends so many records.</summary>
    public async Task FillAsync(int seed, int records, int devices = 12)
    {
        TopicSpec[] topics =
        [
            new(LogTopics.Readings, Partitions), new(LogTopics.Anomalies, Partitions), new(LogTopics.Incidents, Partitions),
            new(LogTopics.DeviceEvents, Partitions), new(LogTopics.DeadLetters, 1),
        ];
        await Log.EnsureTopicsAsync(topics, Cancel);
        await using var producer = Log.CreateProducer(new ProducerOptions());
        var fleet = new RandomFleet(seed, devices);
        for (var i = 0; i < records; i++)
        {
            var (time, key, value) = fleet.Next();
            if (i % 150 == 149)
            {
                // Now and then a device is deleted.
                producer.TryAppend(
                    new NewRecord
                    {
                        Topic = LogTopics.Readings, Key = Encoding.ASCII.GetBytes(key), Headers = new DeviceDeletion(key, "ann").ToHeaders(), TimestampMs = time,
                    },
                    null,
                    0).ShouldBeTrue();
                continue;
            }

            producer.TryAppend(
                new NewRecord { Topic = LogTopics.Readings, Key = Encoding.ASCII.GetBytes(key), Value = value, TimestampMs = time },
                null,
                0).ShouldBeTrue();
        }

        await producer.FlushAsync(Cancel);
    }

    /// <summary>One life of the process: until everything is committed, or until the log says that it is dead.</summary>
    public async Task<bool> LiveAsync(StepLog log)
    {
        await using var processor = new ReadingProcessor(log, Options, NullLoggerFactory.Instance, TimeProvider.System);
        try
        {
            await processor.StartAsync(Cancel);
            while (true)
            {
                var commit = log.NextCommit;
                if (await IsDoneAsync())
                {
                    await processor.StopAsync(Cancel);
                    return true;
                }

                await await Task.WhenAny(commit, processor.Completion).WaitAsync(Generous, Cancel);
            }
        }
        catch (RecordLogException fault) when (fault.Error == RecordLogError.Closed)
        {
            return false;
        }
    }

    /// <summary>Outputs by key (dead letters as a set: theirs is one key for all partitions) and the states as bytes.</summary>
    public async Task<string> DescribeAsync()
    {
        var text = new StringBuilder();
        foreach (var topic in new[] { LogTopics.Anomalies, LogTopics.Incidents, LogTopics.DeviceEvents, LogTopics.DeadLetters })
        {
            var records = await ReadAsync(topic);
            var lines = records.Select(r => (r.Key, Value: Convert.ToHexString(r.Value.Span))).ToList();
            var ordered = topic == LogTopics.DeadLetters ? lines.OrderBy(l => l.Value) : lines.OrderBy(l => l.Key, StringComparer.Ordinal);
            text.AppendJoin('\n', ordered.Select(l => $"{topic} {l.Key} {l.Value}")).Append('\n');
        }

        for (var partition = 0; partition < Partitions; partition++)
        {
            var restored = await RestoreAsync(partition);
            text.AppendJoin('\n', restored.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key} {s.Value}")).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The same from a run in memory that never stops.</summary>
    public async Task<string> ExpectAsync()
    {
        var drivers = Enumerable.Range(0, Partitions).Select(i => new PartitionDriver(Options, i) { FollowsPins = true }).ToArray();
        foreach (var (record, _, value) in await ReadAsync(LogTopics.DetectorSettings))
        {
            Array.ForEach(drivers, driver => driver.TakeSettings(record.Key.Span, value));
        }

        TopicPartition[] inputs = [.. Enumerable.Range(0, Partitions).Select(p => new TopicPartition(LogTopics.Readings, p))];
        var committed = await Log.QueryCommittedAsync(Options.Group, inputs, Cancel);
        foreach (var (record, _, value) in await ReadAsync(LogTopics.Readings))
        {
            // A tick may have been written just before the end and not be processed.
            if (record.Offset < committed[inputs[record.Partition]].Offset)
            {
                drivers[record.Partition].Append(record with { Value = value });
            }
        }

        foreach (var driver in drivers)
        {
            driver.Restore();
            driver.Run(driver.InputCount);
            driver.Commit(TimeSpan.Zero);
        }

        var text = new StringBuilder();
        foreach (var topic in new[] { LogTopics.Anomalies, LogTopics.Incidents, LogTopics.DeviceEvents, LogTopics.DeadLetters })
        {
            var lines = drivers.SelectMany(d => d.Records).Where(o => o.Topic == topic)
                .Select(o => (o.Key, Value: Convert.ToHexString(o.Value))).ToList();
            var ordered = topic == LogTopics.DeadLetters ? lines.OrderBy(l => l.Value) : lines.OrderBy(l => l.Key, StringComparer.Ordinal);
            text.AppendJoin('\n', ordered.Select(l => $"{topic} {l.Key} {l.Value}")).Append('\n');
        }

        foreach (var driver in drivers)
        {
            text.AppendJoin('\n', driver.States().OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key} {s.Value}")).Append('\n');
        }

        return text.ToString();
    }

    public async Task<List<(LogRecord Record, string Key, ReadOnlyMemory<byte> Value)>> ReadAsync(string topic)
    {
        var all = new List<(LogRecord, string, ReadOnlyMemory<byte>)>();
        var count = await Log.QueryPartitionCountAsync(topic, Cancel);
        for (var partition = 0; partition < count; partition++)
        {
            await using var consumer = Log.CreateConsumer(new ConsumerOptions());
            var id = new TopicPartition(topic, partition);
            consumer.Assign([id]);
            var high = (await Log.QueryOffsetsAsync(id, Cancel)).High;
            while (consumer.Position(id) < high)
            {
                foreach (var record in await consumer.PollAsync(1000, TimeSpan.FromSeconds(1), Cancel))
                {
                    var kept = DeviceDeletion.Read(record) is { } deletion ? record with { Headers = deletion.ToHeaders() } : record;
                    all.Add((kept, Encoding.UTF8.GetString(record.Key.Span), record.Value.ToArray()));
                }
            }
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private JournalLog Open() => JournalLog.Open(
        new JournalOptions { Directory = _directory, FreeBytesMin = 0, CommitInterval = TimeSpan.Zero, CompactedSegmentBytes = 16 << 10 },
        NullLoggerFactory.Instance,
        TimeProvider.System);

    private async Task<bool> IsDoneAsync() =>
        (await Log.QueryLagAsync(Options.Group, LogTopics.Readings, Cancel)).All(lag => lag.Records == 0);

    private async Task<Dictionary<string, string>> RestoreAsync(int partition)
    {
        var input = new TopicPartition(LogTopics.Readings, partition);
        var committed = (await Log.QueryCommittedAsync(Options.Group, [input], Cancel))[input].Offset;
        var processor = new Telemetry.Processing.Pipeline.PartitionProcessor(Options, input);
        var book = new Telemetry.Processing.Settings.SettingsBook();
        foreach (var (record, _, value) in await ReadAsync(LogTopics.DetectorSettings))
        {
            book.Take(record.Key.Span, value);
        }

        processor.RestoreSettings(book.PinsOf(Options.Group, partition), book.Find);
        await StateRestorer.RestoreAsync(
            Log, Options.StateTopic, input, committed, processor.Table,
            state => processor.RestorePartition(state.Span), record => processor.Process(record), Cancel);
        return PartitionDriver.States(processor);
    }
}
