using Telemetry.Bridge.Sparkplug.Fold;
using Telemetry.Streams;

namespace Telemetry.Bridge.Sparkplug.Host;

/// <summary>A partition that this process folds.</summary>
internal sealed class FoldPartition(TopicPartition partition, SparkplugFold fold, long position)
{
    private const long TickPauseMs = 1000;

    private long _tickedForMs;
    private long _tickedAtMs;

    public TopicPartition Partition { get; } = partition;

    public SparkplugFold Fold { get; } = fold;

    /// <summary>Offset after the last record processed.</summary>
    public long Position { get; private set; } = position;

    /// <summary>Records processed since the last commit.</summary>
    public long Uncommitted { get; set; }

    public void Process(in LogRecord record)
    {
        Fold.Process(record);
        Position = record.Offset + 1;
        Uncommitted++;
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
