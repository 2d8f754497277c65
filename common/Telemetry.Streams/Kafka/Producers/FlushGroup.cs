namespace Telemetry.Streams.Kafka.Producers;

/// <summary>The records appended between two flushes.</summary>
internal sealed class FlushGroup
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One is held by the group being open.
    private int _pending = 1;

    public Task Done => _done.Task;

    public void Enter() => Interlocked.Increment(ref _pending);

    /// <summary>A record is done with; or, by the flush, no more join.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _pending) == 0)
        {
            _done.TrySetResult();
        }
    }
}
