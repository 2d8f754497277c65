using System.Text;
using Telemetry.Contracts;
using Telemetry.Storage.Sink;
using Telemetry.Storage.Writing;
using Telemetry.Streams;

namespace Telemetry.Tests.Storage;

/// <summary>A checkpoint while the coordinator of its transaction is away, as after the death of a broker.</summary>
public sealed class CheckpointTests : IAsyncDisposable
{
    private static readonly RecordLogException Away = new(RecordLogError.Unavailable, "Not coordinator.");

    private readonly ScriptedProducer _producer = new();
    private readonly PartitionState _partition = new(new TopicPartition(LogTopics.Readings, 2), null, 10) { Next = 50 };

    [Fact]
    public async Task Transaction_that_was_aborted_is_made_again_with_the_same_records()
    {
        _producer.SendFailures.Enqueue(Away);
        _producer.SendFailures.Enqueue(new RecordLogException(RecordLogError.TimedOut, "No answer."));

        await CommitAsync();

        _producer.Aborted.ShouldBe(2);
        _producer.Committed.ShouldHaveSingleItem().ShouldBe(["dead letter", "offset 50"]);
        _partition.Committed.ShouldBe(50);
    }

    [Fact]
    public async Task Commit_that_failed_may_have_succeeded_and_is_not_made_again()
    {
        _producer.CommitFailures.Enqueue(Away);

        (await Should.ThrowAsync<RecordLogException>(CommitAsync)).ShouldBeSameAs(Away);

        _producer.Committed.ShouldBeEmpty();
        _partition.Committed.ShouldBe(10);
    }

    [Fact]
    public async Task Transaction_that_cannot_be_aborted_is_not_made_again()
    {
        _producer.SendFailures.Enqueue(Away);
        _producer.AbortFailures.Enqueue(new RecordLogException(RecordLogError.Unavailable, "Not coordinator either."));

        (await Should.ThrowAsync<RecordLogException>(CommitAsync)).ShouldBeSameAs(Away);

        _producer.Began.ShouldBe(1);
    }

    [Theory]
    [InlineData(RecordLogError.NotAssigned)]
    [InlineData(RecordLogError.Fenced)]
    [InlineData(RecordLogError.AccessDenied)]
    public async Task Partitions_or_rights_that_were_lost_end_it(RecordLogError error)
    {
        _producer.SendFailures.Enqueue(new RecordLogException(error, "No more."));

        (await Should.ThrowAsync<RecordLogException>(CommitAsync)).Error.ShouldBe(error);

        _producer.Began.ShouldBe(1);
    }

    public ValueTask DisposeAsync() => _producer.DisposeAsync();

    private async Task CommitAsync()
    {
        var letters = new DeadLetterQueue(3, TimeProvider.System);
        letters.Add(new LogRecord(LogTopics.Readings, 2, 12, 1, "press-1"u8.ToArray(), "x"u8.ToArray(), RecordHeaders.Empty), "cause", "detail", null);
        await new Checkpoint([_partition], letters, TimeSpan.Zero).CommitAsync(_producer, null!, "note", TimeProvider.System, TestContext.Current.CancellationToken);
    }

    /// <summary>A producer in front of a coordinator that fails as the script says.</summary>
    private sealed class ScriptedProducer : ITransactionalProducer
    {
        private List<string> _open = [];

        public Queue<RecordLogException> SendFailures { get; } = [];

        public Queue<RecordLogException> CommitFailures { get; } = [];

        public Queue<RecordLogException> AbortFailures { get; } = [];

        public List<List<string>> Committed { get; } = [];

        public int Began { get; private set; }

        public int Aborted { get; private set; }

        public void BeginTransaction()
        {
            Began++;
            _open = [];
        }

        public bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state)
        {
            _open.Add(record.Topic == LogTopics.DeadLetters ? "dead letter" : Encoding.UTF8.GetString(record.Key));
            return true;
        }

        public ValueTask SendOffsetsAsync(
            IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, IRecordConsumer consumer, CancellationToken cancellationToken)
        {
            ThrowNext(SendFailures);
            _open.AddRange(offsets.Values.Select(o => $"offset {o.Offset}"));
            return default;
        }

        public ValueTask CommitTransactionAsync(CancellationToken cancellationToken)
        {
            ThrowNext(CommitFailures);
            Committed.Add(_open);
            return default;
        }

        public ValueTask AbortTransactionAsync(CancellationToken cancellationToken)
        {
            ThrowNext(AbortFailures);
            Aborted++;
            return default;
        }

        public ValueTask WaitForCapacityAsync(CancellationToken cancellationToken) => default;

        public ValueTask FlushAsync(CancellationToken cancellationToken) => default;

        public ValueTask DisposeAsync() => default;

        private static void ThrowNext(Queue<RecordLogException> failures)
        {
            if (failures.TryDequeue(out var failure))
            {
                throw failure;
            }
        }
    }
}
