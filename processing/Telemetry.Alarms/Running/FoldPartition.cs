using Telemetry.Alarms.Folding;
using Telemetry.Streams;

namespace Telemetry.Alarms.Running;

/// <summary>A partition that this process folds.</summary>
internal sealed class FoldPartition<TFold>(TopicPartition partition, TFold fold, long position)
    where TFold : IPartitionFold
{
    private const long TickPauseMs = 1000;

    private long _tickedForMs;
    private long _tickedAtMs;

    public TopicPartition Partition { get; } = partition;

    public TFold Fold { get; } = fold;

    /// <summary>Offset after the last record processed.</summary>
    public long Position { get; private set; } = position;

    /// <summary>The position is not committed yet.</summary>
    public bool IsUncommitted { get; set; }

    /// <summary>True: there is something to commit.</summary>
    public bool IsDirty => IsUncommitted || Fold.HasChanges;

    /// <summary>Largest time of a record seen, milliseconds.</summary>
    public long TimeMs { get; private set; }

    public void Process(in LogRecord record)
    {
        Fold.Process(record);
        Position = record.Offset + 1;
        TimeMs = Math.Max(TimeMs, record.TimestampMs);
        IsUncommitted = true;
    }

    /// <summary>True when something falls due and no record has brought the time: once for each due time, and again when that had no effect.</summary>
    public bool WantsTick(long nowMs)
    {
        if (Fold.NextDueMs is not { } due || due > nowMs || (due == _tickedForMs && nowMs - _tickedAtMs < TickPauseMs))
        {
            return false;
        }

        (_tickedForMs, _tickedAtMs) = (due, nowMs);
        return true;
    }
}
