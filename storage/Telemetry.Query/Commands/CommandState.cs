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

    /// <summary>Completed with the answer.</summary>
    public TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>accepted, sent, answered, refused or expired.</summary>
    public string StatusAt(long nowUs) => Answer?.Status switch
    {
        CommandStatus.Answered => "answered",
        CommandStatus.Refused => "refused",
        _ when command.ExpiresAtUs <= nowUs => "expired",
        _ => SentUs is null ? "accepted" : "sent",
    };
}
