namespace Telemetry.Storage.Sink;

/// <summary>
/// Readers that wait until what was consumed before is in the main table. They come from any thread; the session's loop says when an INSERT is sent and when it is stored.
/// </summary>
internal sealed class RefreshRequests
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private TaskCompletionSource? _sent;
    private bool _ended;

    /// <summary>True: somebody waits for rows that no INSERT has taken yet.</summary>
    public bool Any => Volatile.Read(ref _waiting) is not null;

    /// <summary>Completes when what was consumed is stored, or the session is over.</summary>
    public Task Add()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return Task.CompletedTask;
            }

            var waiting = _waiting ?? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _waiting, waiting);
            return waiting.Task;
        }
    }

    /// <summary>An INSERT has taken everything consumed so far. The one before it is stored.</summary>
    public void Sent()
    {
        lock (_gate)
        {
            _sent = _waiting;
            Volatile.Write(ref _waiting, null);
        }
    }

    /// <summary>That INSERT is stored.</summary>
    public void Stored()
    {
        lock (_gate)
        {
            _sent?.TrySetResult();
            _sent = null;
        }
    }

    /// <summary>The session is over: nobody waits for it.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            Stored();
            Sent();
            Stored();
        }
    }
}
