namespace Telemetry.Mqtt.Client;

/// <summary>Makes a task of a completion.</summary>
internal sealed class PublishTask : IPublishCompletion
{
    private readonly TaskCompletionSource<PublishResult> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<PublishResult> Task => _source.Task;

    public void Published(in PublishResult result, ulong state) => _source.TrySetResult(result);
}
