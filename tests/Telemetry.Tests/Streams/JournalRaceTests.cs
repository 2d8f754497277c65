using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Streams.Journal.Producers;

namespace Telemetry.Tests.Streams;

/// <summary>Two things at the same moment, often enough that every order comes up.</summary>
public sealed class JournalRaceTests : IDisposable
{
    private const int RacesMin = 200;
    private const int RacesMax = 20_000;

    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TopicPartition Input = new("in", 0);

    private readonly ManualTime _time = new();
    private readonly SimulatedDisk _disk;
    private readonly StartingLine _line = new();

    public JournalRaceTests() => _disk = new SimulatedDisk(new Random(1), _time);

    public void Dispose() => _line.Dispose();

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
        var (race, committed) = (0, 0);
        for (var started = Stopwatch.GetTimestamp();
            race < RacesMin || (race < RacesMax && Stopwatch.GetElapsedTime(started) < Budget);)
        {
            race++;
            var producer = (JournalTransactionalProducer)await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
            producer.BeginTransaction();
            producer.TryAppend(new NewRecord { Topic = "out", TimestampMs = 1 }, null, 0).ShouldBeTrue();
            await producer.SendOffsetsAsync(Offset(race), consumer, default);
            var (commit, fence) = (Task.CompletedTask, Task.CompletedTask);
            _line.Run(
                () => commit = CommitAsync(producer),
                () => fence = byTimeout ? Task.FromResult(producer.FenceIfOlder(_time.GetUtcNow())) : producer.FenceAsync(),
                lead: (race % 101) - 50);
            await fence.WaitAsync(Patience);
            await commit.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            var won = commit.IsCompletedSuccessfully;
            if (!won)
            {
                (await Should.ThrowAsync<RecordLogException>(() => commit)).Error.ShouldBe(RecordLogError.Fenced);
            }

            committed += won ? 1 : 0;
            var offset = (await log.QueryCommittedAsync("g", [Input], default)).GetValueOrDefault(Input).Offset;
            var output = (await reader.PollAsync(10, TimeSpan.Zero, default)).Count;
            (offset == race, output == 1).ShouldBe((won, won), $"race {race}: offset {offset}, {output} outputs; committed: {won}");
        }

        TestContext.Current.SendDiagnosticMessage($"{race} races: {committed} commits and {race - committed} fences won");
    }

    /// <summary>Closing the log while its writer is about to sleep.</summary>
    [Fact]
    public async Task Log_closes_whatever_its_writer_is_doing()
    {
        var race = 0;
        for (var started = Stopwatch.GetTimestamp();
            race < RacesMin || (race < RacesMax && Stopwatch.GetElapsedTime(started) < Budget);)
        {
            race++;
            var log = Open();
            var closed = Task.CompletedTask;
            var lead = race * 7 % 3001;
            _line.Run(log.Writer.Signal, () => closed = CloseAsync(log), lead);
            await closed.WaitAsync(Patience);
            await log.DisposeAsync();
        }

        TestContext.Current.SendDiagnosticMessage($"{race} times closed");
    }

    private static async Task CommitAsync(ITransactionalProducer producer) => await producer.CommitTransactionAsync(default);

    // The writer's end is waited for elsewhere: a lost wake-up must not hang the race.
    private static Task CloseAsync(JournalLog log) => Task.Factory.StartNew(
        log.Writer.Dispose, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

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
