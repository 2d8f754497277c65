namespace Telemetry.Storage.Sink;

/// <summary>
/// Calls that wait until everything consumed before them is written. They come from any thread; the session's loop answers all at once,
/// while it consumes nothing.
/// </summary>
internal sealed class DrainRequests
{
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private readonly Lock _gate = new();
    private bool _ended;

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
            if (_ended)
            {
                drain.SetException(Failed());
            }
            else
            {
                _waiting.Enqueue(drain);
            }
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

    /// <summary>The session is over: those that wait fail, and those that come too late to find another one.</summary>
    public void Fail()
    {
        lock (_gate)
        {
            _ended = true;
            while (_waiting.TryDequeue(out var drain))
            {
                drain.TrySetException(Failed());
            }
        }
    }

    private static OperationCanceledException Failed() => new("The sink failed before everything was written.");
}
