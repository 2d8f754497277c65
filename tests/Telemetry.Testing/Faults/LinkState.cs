namespace Telemetry.Testing.Faults;

/// <summary>A mode while it is in force, and the signal that it is no longer.</summary>
internal sealed class LinkState(LinkMode mode)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LinkMode Mode { get; } = mode;

    /// <summary>Completes when another mode has taken over.</summary>
    public Task Ended => _ended.Task;

    public void End() => _ended.TrySetResult();
}
