using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Streams;

/// <summary>
/// A file is durable only when its name is: a process that ends, or a disk that fails, between the creation of a file and
/// the fsync of its directory leaves a name that a power failure can take away later.
/// </summary>
public sealed class JournalDirectorySyncTests
{
    private const string Plain = "plain";
    private const string Compacted = "compacted";
    private const int Crashes = 20;

    private readonly ManualTime _time = new();

    [Fact]
    public async Task Names_that_a_former_process_left_unsynced_are_durable_before_anything_in_them_is_acknowledged()
    {
        // One run for each fsync of a directory there is: it fails, the process ends, another goes on, then the power fails.
        var syncs = 0;
        for (var happened = true; happened; syncs++)
        {
            var disk = new SimulatedDisk(new Random(syncs), _time);
            disk.Arm(DiskFault.DirectorySync, syncs);
            var acknowledged = new List<string>();
            await TryAsync(disk, acknowledged);
            happened = disk.Happened > 0;
            disk.Disarm();

            await using var log = Open(disk);

            // One record each: it goes where the former process was, and no new segment syncs the directory by the way.
            await WriteAsync(log, acknowledged, "after", records: 1);
            for (var crash = 0; crash < Crashes; crash++)
            {
                await using var survivor = Open(disk.Crash());
                var read = await ReadAsync(survivor);
                read.ShouldBeSubsetOf(await ReadAsync(log));
                acknowledged.Except(read).ShouldBeEmpty($"lost when fsync {syncs} of a directory failed (crash {crash})");
            }
        }

        syncs.ShouldBeGreaterThan(10);
    }

    private async Task TryAsync(SimulatedDisk disk, List<string> acknowledged)
    {
        JournalLog? log = null;
        try
        {
            log = Open(disk);

            // Enough for some segments of each topic.
            await WriteAsync(log, acknowledged, "before", records: 20);
            await log.CompactAsync(default);
        }
        catch (Exception error) when (error is RecordLogException { Error: RecordLogError.WriteFailed } or IOException)
        {
            disk.Happened.ShouldBe(1);
        }
        finally
        {
            await (log?.DisposeAsync() ?? default);
        }
    }

    private static async Task WriteAsync(JournalLog log, List<string> acknowledged, string name, int records)
    {
        await log.EnsureTopicsAsync([new TopicSpec(Plain, 1), new TopicSpec(Compacted, 1, Compacted: true)], default);
        await using var producer = log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < records; i++)
        {
            foreach (var topic in (string[])[Plain, Compacted])
            {
                // A key of its own each, so that compaction keeps them all.
                var key = $"{topic} {name} {i}";
                await JournalBench.AppendAsync(producer, key, key, topic: topic);
                acknowledged.Add(key);
            }
        }
    }

    private static async Task<List<string>> ReadAsync(JournalLog log)
    {
        await log.EnsureTopicsAsync([new TopicSpec(Plain, 1), new TopicSpec(Compacted, 1, Compacted: true)], default);
        return [.. await JournalBench.ReadAsync(log, Plain), .. await JournalBench.ReadAsync(log, Compacted)];
    }

    private JournalLog Open(SimulatedDisk disk) => JournalLog.Open(
        new JournalOptions
        {
            Directory = "/log",
            CommitInterval = TimeSpan.Zero,
            FreeBytesMin = 0,
            MaintenanceInterval = TimeSpan.Zero,
            SegmentBytes = 512,
            CompactedSegmentBytes = 512,
        },
        NullLoggerFactory.Instance,
        _time,
        disk);
}
