using Telemetry.Contracts.V1;

namespace Telemetry.Query.Commands;

/// <summary>A command and what is known of its fate. Guarded by the book.</summary>
internal sealed class CommandState(DeviceCommand command)
{
    public DeviceCommand Command => command;

    /// <summary>When it was first published to the device, microseconds; null before.</summary>
    public long? SentUs { get; set; }

    /// <summary>Edge node that sent it; null before.</summary>
    public string? Edge { get; set; }

    /// <summary>The device's answer; null before.</summary>
    public CommandResult? Answer { get; set; }

    /// <summary>A command of another protocol: to have been sent is all there is.</summary>
    public bool IsUnanswered => command.Topic.Length > 0;

    /// <summary>Completed with the answer; of one that nobody answers, when it was sent.</summary>
    public TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Bytes held, about.</summary>
    public long Bytes { get; private set; } = 512 + command.CalculateSize();

    public static long BytesOf(CommandResult result) => 512 + result.CalculateSize();

    /// <summary>Takes a result and returns the bytes kept of it. The first answer counts; a second one changes nothing.</summary>
    public long Apply(CommandResult result)
    {
        switch (result.Status)
        {
            case CommandStatus.Sent:
                SentUs ??= result.TimeUs;
                Edge ??= result.Edge;
                if (IsUnanswered)
                {
                    Answered.TrySetResult();
                }

                break;
            case CommandStatus.Answered or CommandStatus.Refused when Answer is null:
                Edge = result.Edge;
                Answer = result;
                Answered.TrySetResult();
                Bytes += BytesOf(result);
                return BytesOf(result);
            default:
                break;
        }

        return 0;
    }

    /// <summary>accepted, sent, answered, refused or expired.</summary>
    public string StatusAt(long nowUs) => Answer?.Status switch
    {
        CommandStatus.Answered => "answered",
        CommandStatus.Refused => "refused",
        _ when IsUnanswered && SentUs is not null => "sent",
        _ when command.ExpiresAtUs <= nowUs => "expired",
        _ => SentUs is null ? "accepted" : "sent",
    };
}
