using Telemetry.Edge.Messages;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Routing;

/// <summary>Told what became of a publish that went through the log. From any thread; quick, throws nothing.</summary>
internal interface IPublishAnswer
{
    /// <param name="code">What to answer; null: the log did not take it, and nothing may be answered.</param>
    /// <param name="reason">A sentence for the sender, or null.</param>
    /// <param name="state">What was passed with the publish.</param>
    /// <param name="origin">Its record, when that tells of its QoS 2 identifier after a restart.</param>
    void Published(ReasonCode? code, string? reason, ulong state, MessageOrigin? origin);
}

/// <summary>The answer as a task.</summary>
internal sealed class PublishTask : TaskCompletionSource<ReasonCode>, IPublishAnswer
{
    public PublishTask()
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
    }

    /// <inheritdoc/>
    public void Published(ReasonCode? code, string? reason, ulong state, MessageOrigin? origin)
    {
        if (code is { } known)
        {
            TrySetResult(known);
        }
        else
        {
            TrySetException(new BrokerLogException(reason ?? "The log did not take the message."));
        }
    }
}
