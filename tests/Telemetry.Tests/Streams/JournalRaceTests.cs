using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Streams;

/// <summary>Things that happen at the same moment, often enough that the bad order comes up.</summary>
public sealed class JournalRaceTests : IDisposable
{
    private const int Races = 4000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TopicPartition Input = new("in", 0);

    private readonly ManualTime _time = new();
    private readonly SimulatedDisk _disk;

    public JournalRaceTests() => _disk = new SimulatedDisk(new Random(1), _time);

    public void Dispose() => _disk.Disarm();

    /// <summary>
    /// A fence aborts a transaction or waits for its commit, never both: whoever wins, output and offsets are there
    /// together or not at all, as the committer was told.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fence_beside_a_commit_leaves_output_and_offsets_together(bool byTimeout)
    {
        await using var log = Open();
        await log.EnsureTopicsAsync([new TopicSpec("in", 1), new TopicSpec("out", 1)], default);
        await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = "g" });
        consumer.Assign([Input]);
        await using var reader = log.CreateConsumer(new ConsumerOptions());
        reader.Assign([new TopicPartition("out", 0)]);
        var producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
        var (committed, fenced, last) = (0, 0, 0L);
        for (var i = 1; i <= Races; i++)
        {
            producer.BeginTransaction();
            producer.TryAppend(new NewRecord { Topic = "out", TimestampMs = 1 }, null, 0).ShouldBeTrue();
            await producer.SendOffsetsAsync(Offset(i), consumer, default);
            if (i % 2 == 0)
            {
                await producer.FlushAsync(default);
            }

            _time.Advance(TimeSpan.FromMinutes(2));
            var former = producer;
            using var start = new Barrier(2);
            var spins = i % 97 * 8;
            var fence = Task.Run(async () =>
            {
                start.SignalAndWait();
                Thread.SpinWait(spins);
                if (byTimeout)
                {
                    await log.MaintainAsync(default);
                }
                else
                {
                    producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
                }
            });
            var commit = Task.Run(async () =>
            {
                start.SignalAndWait();
                await former.CommitTransactionAsync(default);
            });
            await Task.WhenAll(fence, commit).WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await fence;
            var won = commit.IsCompletedSuccessfully;
            if (won)
            {
                (committed, last) = (committed + 1, i);
            }
            else
            {
                (await Should.ThrowAsync<RecordLogException>(() => commit)).Error.ShouldBe(RecordLogError.Fenced);
                fenced++;
            }

            if (byTimeout)
            {
                producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
            }

            var offset = (await log.QueryCommittedAsync("g", [Input], default)).GetValueOrDefault(Input).Offset;
            var output = (await reader.PollAsync(10, TimeSpan.Zero, default)).Count;
            (offset == i, output == 1).ShouldBe((won, won), $"race {i}: offset {offset}, {output} outputs; committed: {won}");
        }

        TestContext.Current.SendDiagnosticMessage($"{committed} commits and {fenced} fences won");
        last.ShouldBeGreaterThan(0);
        await producer.DisposeAsync();
    }

    /// <summary>Closing the log while its writer is about to sleep.</summary>
    [Fact]
    public async Task Log_closes_whatever_its_writer_is_doing()
    {
        for (var i = 0; i < 2000; i++)
        {
            var log = Open();
            await log.EnsureTopicsAsync([new TopicSpec("out", 1)], default);
            var producer = log.CreateProducer(new ProducerOptions());
            producer.TryAppend(new NewRecord { Topic = "out", TimestampMs = 1 }, null, 0).ShouldBeTrue();
            Thread.SpinWait(i % 101 * 10);
            await log.DisposeAsync().AsTask().WaitAsync(Patience);
        }
    }

    private static Dictionary<TopicPartition, CommittedOffset> Offset(long offset) => new() { [Input] = new CommittedOffset(offset) };

    private JournalLog Open() => JournalLog.Open(
        new JournalOptions
        {
            Directory = "/log",
            CommitInterval = TimeSpan.Zero,
            FreeBytesMin = 0,
            MaintenanceInterval = TimeSpan.Zero,
        },
        NullLoggerFactory.Instance,
        _time,
        _disk);
}
