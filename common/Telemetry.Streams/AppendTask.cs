namespace Telemetry.Streams;

/// <summary>Appends as a task: done when all of them are durable, failed with the first that is not.</summary>
/// <param name="count">Appends it is given to; at least one.</param>
public sealed class AppendTask(int count = 1) : IAppendCompletion
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting = count;

    /// <summary>Fails with a <see cref="RecordLogException"/>.</summary>
    public Task Task => _done.Task;

    void IAppendCompletion.Appended(long offset, RecordLogException? error, ulong state)
    {
        if (error is not null)
        {
            _done.TrySetException(error);
        }
        else if (Interlocked.Decrement(ref _waiting) == 0)
        {
            _done.TrySetResult();
        }
    }
}
