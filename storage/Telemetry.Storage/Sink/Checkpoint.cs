using System.Globalization;
using Telemetry.Contracts;
using Telemetry.Streams;
using Telemetry.Streams.State;

namespace Telemetry.Storage.Sink;

/// <summary>
/// A checkpoint to come: offsets, the duplicate filters' snapshots and the dead letters, all as of the same point in the log.
/// Taken when consumption stands there; committed, in one transaction, when every target holds everything below.
/// </summary>
internal sealed class Checkpoint
{
    private readonly List<(PartitionState Partition, long Next, StateBatch Entries)> _partitions = [];
    private readonly IReadOnlyList<(byte[] Key, byte[] Value)> _letters;

    /// <summary>Collects now. The filters must have taken exactly the records below each partition's next offset.</summary>
    public Checkpoint(IEnumerable<PartitionState> partitions, DeadLetterQueue letters, TimeSpan elapsed)
    {
        foreach (var partition in partitions)
        {
            var entries = new StateBatch();
            partition.Filter.Table.Collect(entries, partition.Next, [], elapsed);
            partition.OldestUncommittedMs = null;
            _partitions.Add((partition, partition.Next, entries));
        }

        _letters = letters.Take();
    }

    /// <summary>Makes it durable.</summary>
    public async ValueTask CommitAsync(
        ITransactionalProducer producer, IRecordConsumer consumer, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        producer.BeginTransaction();
        try
        {
            foreach (var (partition, _, entries) in _partitions)
            {
                await entries.AppendAsync(producer, KafkaTopics.SinkState, partition.Input.Partition, now, cancellationToken);
            }

            await DeadLetterQueue.AppendAsync(_letters, producer, now, cancellationToken);
            var metadata = Note(now);
            await producer.SendOffsetsAsync(
                _partitions.ToDictionary(p => p.Partition.Input, p => new CommittedOffset(p.Next, metadata)), consumer, cancellationToken);
            await producer.CommitTransactionAsync(cancellationToken);
        }
        catch (Exception)
        {
            // The checkpoint is lost, the data is not: the session ends and recovery starts from the former one.
            await AbortAsync(producer);
            throw;
        }

        foreach (var (partition, next, _) in _partitions)
        {
            partition.Committed = next;
        }
    }

    /// <summary>Aborts after an error, which says more than that of an abort that fails too; the next producer of this id ends it.</summary>
    public static async ValueTask AbortAsync(ITransactionalProducer producer)
    {
        try
        {
            await producer.AbortTransactionAsync(CancellationToken.None);
        }
        catch (RecordLogException)
        {
            // The first error is on its way to the session's end, which opens a producer anew.
        }
    }

    /// <summary>What is kept with the offsets: when.</summary>
    public static string Note(long nowMs) => $"v1;{nowMs.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>When a checkpoint was committed; null when its note does not say.</summary>
    public static DateTimeOffset? TimeOf(CommittedOffset committed) =>
        committed.Metadata.StartsWith("v1;", StringComparison.Ordinal)
        && long.TryParse(committed.Metadata.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out var ms)
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
            : null;
}
