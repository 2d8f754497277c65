namespace Telemetry.Edge.Messages;

/// <summary>Where a message lies on the log, and how many still need it there: copies not acknowledged, identifiers not released.</summary>
internal sealed class MessageOrigin(int partition, long offset)
{
    private int _needed = 1;

    public int Partition { get; } = partition;

    public long Offset { get; } = offset;

    /// <summary>True when nobody needs the record any more, also after a restart.</summary>
    public bool IsFinished => Volatile.Read(ref _needed) <= 0;

    /// <summary>One more needs it.</summary>
    public void Hold() => Interlocked.Increment(ref _needed);

    /// <summary>One less; also ends the hold of whoever made it.</summary>
    public void Finish() => Interlocked.Decrement(ref _needed);
}
