using System.Buffers;
using System.Text;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;

namespace Telemetry.Bridge.Commands;

/// <summary>
/// MQTT topics of commands. A device subscribes to <c>telemetry/v1/{device}/commands/+</c>; each command comes on
/// <c>telemetry/v1/{device}/commands/{id}</c> and is answered on that topic with <c>/answer</c>, or <c>/error</c> when the device
/// cannot do it. MQTT 5 devices find the answer's topic as Response Topic and the id as Correlation Data.
/// </summary>
internal static class CommandTopic
{
    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    private const int ContentTypeCharsMax = 256;

    private static ReadOnlySpan<byte> Prefix => "telemetry/v1/"u8;

    private static ReadOnlySpan<byte> Commands => "/commands/"u8;

    private static ReadOnlySpan<byte> Answer => "/answer"u8;

    private static ReadOnlySpan<byte> Error => "/error"u8;

    /// <summary>Where a command goes.</summary>
    public static string Of(string device, string commandId) => $"telemetry/v1/{device}/commands/{commandId}";

    /// <summary>Where its answer comes.</summary>
    public static string AnswerTo(string topic) => topic + "/answer";

    /// <summary>Takes the topic of an answer apart; false for every other shape and illegal names.</summary>
    public static bool TryParseAnswer(
        ReadOnlySpan<byte> topicName, out ReadOnlySpan<byte> device, out ReadOnlySpan<byte> commandId, out bool refused)
    {
        device = default;
        commandId = default;
        refused = topicName.EndsWith(Error);
        var tail = refused ? Error.Length : Answer.Length;
        if (!topicName.StartsWith(Prefix) || (!refused && !topicName.EndsWith(Answer)) || topicName.Length < Prefix.Length + tail)
        {
            return false;
        }

        var middle = topicName[Prefix.Length..^tail];
        var at = middle.IndexOf(Commands);
        if (at < 0)
        {
            return false;
        }

        device = middle[..at];
        commandId = middle[(at + Commands.Length)..];
        if (ReadingNames.IsDevice(device) && IsId(commandId))
        {
            return true;
        }

        device = commandId = default;
        return false;
    }

    /// <summary>Null when a command of the log can be delivered, else what is wrong with it. The log has more writers than our API.</summary>
    public static string? FaultOf(DeviceCommand command)
    {
        var device = Encoding.UTF8.GetBytes(command.Device);
        return !IsId(command.CommandId) ? "its id is not 32 lower-case hexadecimal digits"
            : !ReadingNames.IsDevice(device) ? $"its device id {ReadingNames.DeviceFault(device)}; a device id is {ReadingNames.DeviceRule}"
            : !ReadingNames.IsDevice(Encoding.UTF8.GetBytes(command.Name)) ? $"its name {ReadingNames.DeviceFault(Encoding.UTF8.GetBytes(command.Name))}; a name is {ReadingNames.DeviceRule}"
            : command.ContentType.Length > ContentTypeCharsMax || command.ContentType.AsSpan().ContainsAnyInRange('\0', '\x1F') ? "its content type is none"
            : command.Topic.Length > 0 && !IsForeign(command.Topic) ? "its topic is none of Sparkplug's commands (spBv1.0/{group}/NCMD/{edge} or spBv1.0/{group}/DCMD/{edge}/{device})"
            : null;
    }

    /// <summary>The log has more writers than our API: only commands may be sent to a topic that is not ours.</summary>
    private static bool IsForeign(string topic)
    {
        var levels = topic.Split('/');
        return levels[0] == "spBv1.0" && !topic.AsSpan().ContainsAny("+#\0") && levels.All(level => level.Length > 0)
            && ((levels.Length == 4 && levels[2] == "NCMD") || (levels.Length == 5 && levels[2] == "DCMD"));
    }

    /// <summary>True for 32 lower-case hex digits.</summary>
    public static bool IsId(ReadOnlySpan<byte> id) => id.Length == 32 && id.IndexOfAnyExcept(HexDigits) < 0;

    /// <summary>True for 32 lower-case hex digits.</summary>
    public static bool IsId(string id)
    {
        Span<byte> ascii = stackalloc byte[32];
        return id.Length == 32 && Encoding.ASCII.TryGetBytes(id, ascii, out _) && IsId(ascii);
    }
}
