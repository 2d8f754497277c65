using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Bridge;
using Telemetry.Bridge.Sparkplug.Host;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Testing.Sparkplug;
using Telemetry.Tests.Processing;

namespace Telemetry.Tests.Sparkplug;

/// <summary>The log fails under the host, before and after what it was asked for: the outcome of a commit is then not known.</summary>
public sealed class HostFaultTests : IDisposable
{
    private const int Messages = 300;

    private readonly string _folder = Directory.CreateTempSubdirectory("sparkplug-fault-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Faults_at_every_step_of_a_commit_lose_and_double_nothing()
    {
        LogStep[] steps = [LogStep.Begin, LogStep.OpenProducer, LogStep.Append, LogStep.SendOffsets, LogStep.Commit, LogStep.Committed, LogStep.Poll];
        await using var journal = JournalLog.Open(
            new JournalOptions { Directory = _folder, FreeBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System);
        await journal.EnsureTopicsAsync(
            [
                new(LogTopics.Sparkplug, 1), new(LogTopics.SparkplugState, 1, Compacted: true), new(LogTopics.Readings, 1), new(LogTopics.DeviceEvents, 1),
                new(LogTopics.Catalogue, 1, Compacted: true), new(LogTopics.DeadLetters, 1), new(LogTopics.Commands, 1),
            ],
            Cancel);
        var faults = 0;
        var calls = 0;
        var log = new StepLog(journal, step =>
        {
            // Each step fails twice. A producer is opened anew only after a fault, so that one fails at once.
            if (faults < 2 * steps.Length && step == steps[faults % steps.Length] && (step == LogStep.OpenProducer || ++calls % 3 == 0))
            {
                faults++;
                throw new RecordLogException(RecordLogError.TimedOut, $"The test lets {step} fail.");
            }
        });
        var options = new BridgeOptions { Sparkplug = new SparkplugOptions { CommitInterval = TimeSpan.FromMilliseconds(1), PollRecordsMax = 5 } };
        await using var host = new SparkplugHost(log, options, new HastyTime(), NullLogger<SparkplugHost>.Instance);
        host.Start();

        await using var producer = journal.CreateProducer(new ProducerOptions());
        var edge = new ScriptedEdge("plant", "line-1") { NowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() };
        Append(producer, edge.NBirth(edge.Born("count", 1, 0)), edge.NowMs);
        for (var i = 1; i <= Messages || faults < 2 * steps.Length; i++)
        {
            i.ShouldBeLessThan(100_000);
            Append(producer, edge.NData(edge.Changed(1, i)), edge.NowMs);
            if (i % 10 == 0)
            {
                await SettleAsync(journal);
            }
        }

        await SettleAsync(journal);
        var readings = await ReadingsAsync(journal);
        faults.ShouldBe(2 * steps.Length);
        readings.Select(r => r.Value).ShouldBe(Enumerable.Range(0, readings.Count).Select(i => (double)i));
        readings.Count.ShouldBeGreaterThan(Messages);
        readings.Select(r => r.Sequence).ShouldBe(Enumerable.Range(1, readings.Count).Select(i => (ulong)i));
    }

    private static void Append(IRecordProducer producer, EdgeMessage message, long nowMs)
    {
        var record = FoldFixture.RecordOf(message, 0, nowMs);
        producer.TryAppend(
            new NewRecord { Topic = record.Topic, Key = record.Key.Span, Value = record.Value.Span, TimestampMs = nowMs }, null, 0).ShouldBeTrue();
    }

    private static async Task SettleAsync(IRecordLog log)
    {
        while ((await log.QueryLagAsync(new SparkplugOptions().Group, LogTopics.Sparkplug, Cancel)).Any(lag => lag.Records > 0))
        {
            await Task.Delay(5, Cancel);
        }
    }

    private static async Task<List<(double Value, ulong Sequence)>> ReadingsAsync(IRecordLog log)
    {
        var partition = new TopicPartition(LogTopics.Readings, 0);
        var high = (await log.QueryOffsetsAsync(partition, Cancel)).High;
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([partition]);
        consumer.Seek(partition, 0);
        var readings = new List<(double, ulong)>();
        var batch = new ReadingBatchBuffer();
        while (consumer.Position(partition) < high)
        {
            foreach (var record in await consumer.PollAsync(1000, TimeSpan.FromSeconds(1), Cancel))
            {
                ConfluentFrame.TryRead(record.Value, out _, out var message).ShouldBeTrue();
                batch.TryDecode(message, out var error).ShouldBeTrue(error.ToString());
                Encoding.ASCII.GetString(batch.Device).ShouldBe("plant:line-1");
                for (var i = 0; i < batch.Count; i++)
                {
                    readings.Add((batch.Values[i], batch.Sequence(i)));
                }
            }
        }

        return readings;
    }

    /// <summary>The pauses between tries are for people; here they pass fifty times as fast.</summary>
    private sealed class HastyTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 50 : dueTime, period);
    }
}
