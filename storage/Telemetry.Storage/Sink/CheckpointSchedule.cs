using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Verification;
using Telemetry.Storage.Writing;
using Telemetry.Streams;

namespace Telemetry.Storage.Sink;

/// <summary>When a checkpoint is due; at most one is under way. The clock runs from the session's start.</summary>
internal sealed class CheckpointSchedule(
    IClickHouse store,
    IReadOnlyDictionary<int, PartitionState> partitions,
    DeadLetterQueue letters,
    ITransactionalProducer producer,
    IRecordConsumer consumer,
    PartsScrubber? scrubber,
    SinkOptions options,
    TimeProvider time)
{
    private long _last = time.GetTimestamp();

    /// <summary>Told when a checkpoint with records has been committed.</summary>
    public Action Progressed { get; init; } = static () => { };

    private bool _pending;

    /// <param name="rows">Readings that are not behind a checkpoint.</param>
    /// <param name="drain">True: as soon as there is something to commit.</param>
    public bool IsDue(long rows, bool drain) => !_pending
        && partitions.Values.Any(p => p.Next > p.Committed)
        && (drain
            || letters.IsFull
            || rows >= options.BacklogRowsMax / 2
            || time.GetElapsedTime(_last) >= Interval());

    /// <summary>Collects the checkpoint at the point in the log where consumption stands.</summary>
    public Checkpoint Collect()
    {
        var elapsed = time.GetElapsedTime(_last);
        _last = time.GetTimestamp();
        _pending = true;
        return new Checkpoint(partitions.Values, letters, elapsed);
    }

    /// <summary>Makes it durable; every target must hold everything below.</summary>
    public async ValueTask CommitAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        // Without checks of ours there is nothing to go on with after a restart: everything counts as checked.
        var note = CheckpointNote.Of(scrubber is null ? time.GetUtcNow() : scrubber.CheckedUntil);
        var moved = checkpoint.Moves;
        await checkpoint.CommitAsync(producer, consumer, note, time, cancellationToken);
        _pending = false;
        if (moved)
        {
            Progressed();
        }
    }

    private TimeSpan Interval() =>
        FlushCadence.Of(options.RollupInterval, options.RollupIntervalUnread, options, store.LastRead, time.GetUtcNow());
}
