using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;

namespace Telemetry.Bridge.DeadLetters;

/// <summary>
/// A record beside the letters, in the partition of the letter it resolves: cause <c>resolved</c>, source and offset those of
/// the letter. So the topic alone says what is still open.
/// </summary>
internal static class DeadLetterResolution
{
    private const string Cause = "resolved";
    private const string Stage = "replay";

    /// <summary>The framed value.</summary>
    public static byte[] Write(DeadLetterId id, string detail, long nowUs, int schemaId)
    {
        var letter = new DeadLetter
        {
            Source = LogTopics.DeadLetters,
            SourcePartition = id.Partition,
            SourceOffset = id.Offset,
            Cause = Cause,
            Stage = Stage,
            Detail = detail,
            RefusedAtUs = nowUs,
        };
        var value = new byte[ConfluentFrame.HeaderBytes + letter.CalculateSize()];
        ConfluentFrame.WriteHeader(value, schemaId);
        Google.Protobuf.MessageExtensions.WriteTo(letter, value.AsSpan(ConfluentFrame.HeaderBytes));
        return value;
    }

    public static bool Is(DeadLetter letter) =>
        letter is { Cause: Cause, Stage: Stage } && letter.Source == LogTopics.DeadLetters;
}
