using System.Buffers;
using System.Text;
using Telemetry.Contracts.Readings;

namespace Telemetry.Bridge.Commands;

/// <summary>
/// MQTT topics of commands. A device subscribes to <c>telemetry/v1/{device}/commands/+</c>; each command comes on
/// <c>telemetry/v1/{device}/commands/{id}</c> and is answered on that topic with <c>/answer</c>, or <c>/error</c> when the device
/// cannot do it. MQTT 5 devices find the answer's topic as Response Topic and the id as Correlation Data.
/// </summary>
internal static class CommandTopic
{
    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

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
        if (!topicName.StartsWith(Prefix) || (!refused && !topicName.EndsWith(Answer)))
        {
            return false;
        }

        var middle = topicName[Prefix.Length..^(refused ? Error.Length : Answer.Length)];
        var at = middle.IndexOf(Commands);
        if (at < 0)
        {
            return false;
        }

        device = middle[..at];
        commandId = middle[(at + Commands.Length)..];
        return ReadingNames.IsDevice(device) && IsId(commandId);
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
