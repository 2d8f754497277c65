using Telemetry.Contracts;
using Telemetry.Storage.Writing;
using Telemetry.Streams;
using Telemetry.Streams.State;

namespace Telemetry.Storage.Sink;

/// <summary>
/// A checkpoint to come: offsets, the duplicate filters' snapshots and the dead letters, all as of the same point in the log.
/// Taken when consumption stands there; committed, in one transaction, when every target holds everything below.
/// </summary>
internal sealed class Checkpoint
{
    /// <summary>Longer than Kafka takes to find that a broker is dead (9 s) and to move what it coordinated.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly List<(PartitionState Partition, long Next, StateBatch Entries)> _partitions = [];
    private readonly IReadOnlyList<(byte[] Key, byte[] Value)> _letters;

    /// <summary>Collects now. The filters must have taken exactly the records below each partition's next offset.</summary>
    public Checkpoint(IEnumerable<PartitionState> partitions, DeadLetterQueue letters, TimeSpan elapsed)
    {
        foreach (var partition in partitions)
        {
            var entries = new StateBatch();
            partition.Filter?.Table.Collect(entries, partition.Next, [], elapsed);
            partition.OldestUncommittedMs = null;
            _partitions.Add((partition, partition.Next, entries));
        }

        _letters = letters.Take();
    }

    /// <summary>True: some partition goes on beyond its former checkpoint.</summary>
    public bool Moves => _partitions.Exists(p => p.Next > p.Partition.Committed);

    /// <summary>
    /// Makes it durable. A coordinator that is away or moves, as after the death of a broker, is waited for: the transaction is aborted and
    /// made again with the same records, while INSERTs go on. To end the session instead would cost a rebalance and a recovery.
    /// </summary>
    /// <param name="producer">Of the transaction.</param>
    /// <param name="consumer">Whose offsets they are.</param>
    /// <param name="note">Kept with the offsets: see <see cref="CheckpointNote"/>.</param>
    /// <param name="time">Clock of the records' stamps.</param>
    /// <param name="cancellationToken">Leaves it undone.</param>
    public async ValueTask CommitAsync(
        ITransactionalProducer producer, IRecordConsumer consumer, string note, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (!await TryCommitAsync(producer, consumer, note, time, mayFail: time.GetElapsedTime(began) < Patience, cancellationToken))
        {
            await Task.Delay(RetryDelay, time, cancellationToken);
        }

        foreach (var (partition, next, _) in _partitions)
        {
            partition.Committed = next;
        }
    }

    /// <returns>False: nothing of it was committed, and it may be tried again.</returns>
    private async ValueTask<bool> TryCommitAsync(
        ITransactionalProducer producer, IRecordConsumer consumer, string note, TimeProvider time, bool mayFail, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var isAtCommit = false;
        producer.BeginTransaction();
        try
        {
            foreach (var (partition, _, entries) in _partitions)
            {
                await entries.AppendAsync(producer, LogTopics.SinkState, partition.Input.Partition, now, cancellationToken);
            }

            await DeadLetterQueue.AppendAsync(_letters, producer, now, cancellationToken);
            await producer.SendOffsetsAsync(
                _partitions.ToDictionary(p => p.Partition.Input, p => new CommittedOffset(p.Next, note)), consumer, cancellationToken);

            // From here on it is not known whether a failed commit succeeded: only a new producer of this id can tell.
            isAtCommit = true;
            await producer.CommitTransactionAsync(cancellationToken);
            return true;
        }
        catch (Exception error)
        {
            // The checkpoint is lost, the data is not: at worst the session ends and recovery starts from the former one.
            var isAborted = await TryAbortAsync(producer);
            if (isAborted && mayFail && !isAtCommit && error is RecordLogException { Error: RecordLogError.Unavailable or RecordLogError.TimedOut })
            {
                return false;
            }

            throw;
        }
    }

    /// <summary>Aborts after an error, which says more than that of an abort that fails too; the next producer of this id ends it.</summary>
    private static async ValueTask<bool> TryAbortAsync(ITransactionalProducer producer)
    {
        try
        {
            await producer.AbortTransactionAsync(CancellationToken.None);
            return true;
        }
        catch (RecordLogException)
        {
            // The first error is on its way to the session's end, which opens a producer anew.
            return false;
        }
    }
}
