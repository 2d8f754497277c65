using System.Buffers;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Processing;
using Telemetry.Processing.Pipeline;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Processing;

/// <summary>Processing in a child process that is killed with SIGKILL again and again; what is on the log must be what one quiet run gives.</summary>
public class ProcessingKillTests
{
    private const string ChildVariable = "TELEMETRY_PROCESSING_CHILD";
    private const int Records = 60_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Outputs_after_kill_9_at_random_moments_are_those_of_a_run_without()
    {
        var killed = Directory.CreateTempSubdirectory("processing-kill-").FullName;
        var quiet = Directory.CreateTempSubdirectory("processing-quiet-").FullName;
        await FillAsync(killed);
        await FillAsync(quiet);
        await ProcessToEndAsync(quiet);
        var random = new Random(7);
        var kills = 0;
        while (true)
        {
            using var child = StartChild(killed);
            if (await ExitsWithinAsync(child, TimeSpan.FromMilliseconds(kills < 8 ? random.Next(300, 2500) : 60_000)))
            {
                child.ExitCode.ShouldBe(0);
                break;
            }

            child.Kill();
            await child.WaitForExitAsync(Cancel);
            kills++;
        }

        kills.ShouldBeGreaterThan(0);
        var expected = await DescribeAsync(quiet);
        expected.Count.ShouldBeGreaterThan(100);
        (await DescribeAsync(killed)).SequenceEqual(expected).ShouldBeTrue();
        Directory.Delete(killed, recursive: true);
        Directory.Delete(quiet, recursive: true);
    }

    /// <summary>The child's part: run by the kill test only.</summary>
    [Fact(Explicit = true)]
    public async Task Child()
    {
        var directory = Environment.GetEnvironmentVariable(ChildVariable);
        await ProcessToEndAsync(directory.ShouldNotBeNull("started by the kill test only"));
    }

    private static Process StartChild(string directory)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = false };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ProcessingKillTests).Assembly.Location);
        }

        start.ArgumentList.Add("-explicit");
        start.ArgumentList.Add("only");
        start.ArgumentList.Add("-method");
        start.ArgumentList.Add($"{typeof(ProcessingKillTests).FullName}.{nameof(Child)}");
        start.Environment[ChildVariable] = directory;
        return Process.Start(start)!;
    }

    private static async Task<bool> ExitsWithinAsync(Process child, TimeSpan time)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(time);
        try
        {
            await child.WaitForExitAsync(deadline.Token);
            return true;
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    private static JournalLog Open(string directory) => JournalLog.Open(
        new JournalOptions { Directory = directory, FreeBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System);

    private static async Task ProcessToEndAsync(string directory)
    {
        await using var log = Open(directory);
        var options = new ProcessingOptions
        {
            CommitInterval = TimeSpan.FromMilliseconds(10),
            CommitRecordsMax = 200,
            PollRecordsMax = 50,
            State = new() { SnapshotCycle = TimeSpan.FromMilliseconds(300) },
        };
        await using var processor = new ReadingProcessor(log, options, NullLoggerFactory.Instance, TimeProvider.System);
        await processor.StartAsync(Cancel);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while ((await log.QueryLagAsync(options.Group, LogTopics.Readings, Cancel)).Any(lag => lag.Records > 0))
        {
            processor.Completion.IsCompleted.ShouldBeFalse();
            await timer.WaitForNextTickAsync(Cancel);
        }

        await processor.StopAsync(Cancel);
    }

    private static async Task FillAsync(string directory)
    {
        await using var log = Open(directory);
        await log.EnsureTopicsAsync(
            [
                new(LogTopics.Readings, 2), new(LogTopics.Anomalies, 2), new(LogTopics.Incidents, 2), new(LogTopics.DeviceEvents, 2), new(LogTopics.DeadLetters, 1),
            ],
            Cancel);
        await using var producer = log.CreateProducer(new ProducerOptions());
        var random = new Random(3);
        var output = new ArrayBufferWriter<byte>();
        ReadOnlyMemory<byte>[] sensors = [Encoding.ASCII.GetBytes("temperature")];
        for (var i = 0; i < Records; i++)
        {
            var device = Encoding.ASCII.GetBytes($"d{i % 40}");
            var nowMs = 1_700_000_000_000 + (i * 100L);
            var sequence = (ulong)(i / 40) + 1 - (random.Next(20) == 0 && i > 400 ? 1UL : 0UL);
            output.ResetWrittenCount();
            ConfluentFrame.WriteHeader(output.GetSpan(ConfluentFrame.HeaderBytes), SchemaIds.ReadingBatch);
            output.Advance(ConfluentFrame.HeaderBytes);
            ReadingBatchWriter.Write(
                output, device, 1, sequence, sensors, [], [nowMs * 1000], [random.Next(300) == 0 ? 500 : random.NextDouble()], []);
            while (!producer.TryAppend(
                new NewRecord { Topic = LogTopics.Readings, Key = device, Value = output.WrittenSpan, TimestampMs = nowMs }, null, 0))
            {
                await producer.WaitForCapacityAsync(Cancel);
            }
        }

        await producer.FlushAsync(Cancel);
    }

    /// <summary>All outputs, those of one device in their order.</summary>
    private static async Task<List<string>> DescribeAsync(string directory)
    {
        await using var log = Open(directory);
        var all = new List<(string Device, string Line)>();
        foreach (var topic in new[] { LogTopics.Anomalies, LogTopics.Incidents, LogTopics.DeviceEvents, LogTopics.DeadLetters })
        {
            for (var partition = 0; partition < await log.QueryPartitionCountAsync(topic, Cancel); partition++)
            {
                await using var consumer = log.CreateConsumer(new ConsumerOptions());
                var id = new TopicPartition(topic, partition);
                consumer.Assign([id]);
                var high = (await log.QueryOffsetsAsync(id, Cancel)).High;
                while (consumer.Position(id) < high)
                {
                    foreach (var record in await consumer.PollAsync(1000, TimeSpan.FromSeconds(1), Cancel))
                    {
                        var device = $"{topic} {Encoding.UTF8.GetString(record.Key.Span)}";
                        all.Add((device, $"{device} {Convert.ToHexString(record.Value.Span)}"));
                    }
                }
            }
        }

        return [.. all.OrderBy(line => line.Device, StringComparer.Ordinal).Select(line => line.Line)];
    }
}
