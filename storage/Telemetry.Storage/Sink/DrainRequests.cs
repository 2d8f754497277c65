namespace Telemetry.Storage.Sink;

/// <summary>
/// Calls that wait until everything consumed before them is written. They come from any thread; the session's loop answers all at once,
/// while it consumes nothing.
/// </summary>
internal sealed class DrainRequests
{
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private readonly Lock _gate = new();

    public bool Any
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count > 0;
            }
        }
    }

    /// <summary>Completes when the session has written what it had, or ended.</summary>
    public Task Add()
    {
        var drain = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue(drain);
        }

        return drain.Task;
    }

    public void Complete()
    {
        lock (_gate)
        {
            while (_waiting.TryDequeue(out var drain))
            {
                drain.TrySetResult();
            }
        }
    }

    public void Fail()
    {
        lock (_gate)
        {
            while (_waiting.TryDequeue(out var drain))
            {
                drain.TrySetException(new OperationCanceledException("The sink failed before everything was written."));
            }
        }
    }
}
