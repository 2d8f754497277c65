namespace Telemetry.Edge.Durability;

/// <summary>An append as a task: completes when it is durable, fails when the log did not take it.</summary>
internal sealed class LogAnswer : TaskCompletionSource, IBrokerLogCompletion
{
    public LogAnswer()
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
    }

    /// <inheritdoc/>
    public void Appended(long offset, Exception? error, ulong state)
    {
        if (error is null)
        {
            TrySetResult();
            return;
        }

        TrySetException(error);

        // Not everyone waits for it: what was not written is written again with the next change.
        _ = Task.Exception;
    }
}

/// <summary>An append whose answer changes nothing.</summary>
internal sealed class NoAnswer : IBrokerLogCompletion
{
    public static NoAnswer Instance { get; } = new();

    /// <inheritdoc/>
    public void Appended(long offset, Exception? error, ulong state)
    {
    }
}
