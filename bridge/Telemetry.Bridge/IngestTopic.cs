using Telemetry.Contracts.Readings;

namespace Telemetry.Bridge;

/// <summary>
/// The ingest name space. Everything under <c>telemetry/v1/</c> belongs to the bridge, so that a wrong topic is refused
/// and dead-lettered instead of vanishing to no subscriber. Two shapes have a meaning: <c>telemetry/v1/{device}/readings</c>, and
/// the answers to commands (<see cref="Commands.CommandTopic"/>).
/// Another format (Sparkplug B's <c>spBv1.0/#</c>) is one more prefix here and one more branch in <c>ReadingIngest</c>.
/// </summary>
internal static class IngestTopic
{
    private static ReadOnlySpan<byte> Prefix => "telemetry/v1/"u8;

    private static ReadOnlySpan<byte> Readings => "/readings"u8;

    public static bool IsIngest(ReadOnlySpan<byte> topicName) =>
        topicName.StartsWith(Prefix) || topicName.SequenceEqual(Prefix[..^1]);

    /// <summary>The device level of <c>telemetry/v1/{device}/readings</c>; false for every other shape and illegal names.</summary>
    public static bool TryGetDevice(ReadOnlySpan<byte> topicName, out ReadOnlySpan<byte> device)
    {
        device = default;
        if (topicName.Length <= Prefix.Length + Readings.Length || !topicName.StartsWith(Prefix) || !topicName.EndsWith(Readings))
        {
            return false;
        }

        device = topicName[Prefix.Length..^Readings.Length];
        return ReadingNames.IsDevice(device);
    }
}
