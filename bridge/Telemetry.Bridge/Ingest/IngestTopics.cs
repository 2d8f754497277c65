using System.Text;
using Telemetry.Bridge.Sparkplug.Wire;

namespace Telemetry.Bridge.Ingest;

/// <summary>
/// The topics that come to the bridge: everything under <c>telemetry/v1/</c>, so that a wrong topic is refused and dead-lettered
/// instead of vanishing to no subscriber, what the configured patterns match, and births, data and deaths of Sparkplug B.
/// </summary>
internal sealed class IngestTopics(IEnumerable<TopicPatternOptions> patterns, SparkplugOptions? sparkplug = null)
{
    private readonly byte[]? _hostState = sparkplug is { Enabled: true } ? Encoding.UTF8.GetBytes($"spBv1.0/STATE/{sparkplug.HostId}") : null;

    private readonly TopicPattern[] _patterns = [.. patterns.Select(options => new TopicPattern(options))];

    private static ReadOnlySpan<byte> Prefix => "telemetry/v1/"u8;

    private static ReadOnlySpan<byte> Readings => "/readings"u8;

    private static ReadOnlySpan<byte> Catalogue => "/catalogue"u8;

    public bool IsIngest(ReadOnlySpan<byte> topicName) =>
        topicName.StartsWith(Prefix) || topicName.SequenceEqual(Prefix[..^1]) || IsSparkplug(topicName) || IsHostState(topicName)
        || (_patterns.Length > 0 && MatchesPattern(topicName));

    /// <summary>A topic with a verb of Sparkplug edge nodes, whatever else is wrong with it.</summary>
    public bool IsSparkplug(ReadOnlySpan<byte> topicName) => _hostState is not null && SparkplugTopic.IsData(topicName);

    /// <summary>The topic on which only this host may say its state.</summary>
    public bool IsHostState(ReadOnlySpan<byte> topicName) => _hostState is not null && topicName.SequenceEqual(_hostState);

    /// <summary>
    /// Takes a topic of readings apart: a configured pattern, else <c>telemetry/v1/{device}/readings</c>. False for every other shape;
    /// the names are as the topic has them, legal or not.
    /// </summary>
    public bool TryParse(
        ReadOnlySpan<byte> topicName, out ReadOnlySpan<byte> device, out ReadOnlySpan<byte> sensor, out PayloadShape shape)
    {
        foreach (var pattern in _patterns)
        {
            if (pattern.TryMatch(topicName, out device, out sensor))
            {
                shape = pattern.Shape;
                return true;
            }
        }

        sensor = default;
        shape = default;
        return TryGetDevice(topicName, out device);
    }

    /// <summary>The device level of <c>telemetry/v1/{device}/readings</c>; false for every other shape.</summary>
    public static bool TryGetDevice(ReadOnlySpan<byte> topicName, out ReadOnlySpan<byte> device) => TryGetDevice(topicName, Readings, out device);

    /// <summary>The device level of <c>telemetry/v1/{device}/catalogue</c>; false for every other shape.</summary>
    public static bool TryGetAnnouncer(ReadOnlySpan<byte> topicName, out ReadOnlySpan<byte> device) => TryGetDevice(topicName, Catalogue, out device);

    private static bool TryGetDevice(ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> ending, out ReadOnlySpan<byte> device)
    {
        device = default;
        if (topicName.Length <= Prefix.Length + ending.Length || !topicName.StartsWith(Prefix) || !topicName.EndsWith(ending))
        {
            return false;
        }

        device = topicName[Prefix.Length..^ending.Length];
        return !device.Contains((byte)'/');
    }

    /// <summary>
    /// For a topic that is not the bridge's: what its sender may have meant, or null. Readings sent to such a topic reach
    /// subscribers at best, and the log never.
    /// </summary>
    public static string? HintFor(ReadOnlySpan<byte> topicName)
    {
        var rest = topicName.TrimStart((byte)'/');
        if (rest.Length < 9 || !Ascii.EqualsIgnoreCase(rest[..9], "telemetry"u8) || (rest.Length > 9 && rest[9] != '/'))
        {
            return null;
        }

        var tail = rest.Length > 10 ? rest[10..] : default;
        var level = tail.IndexOf((byte)'/') is var slash and >= 0 ? tail[..slash] : tail;
        var isVersion = level.Length is >= 2 and <= 4 && level[0] is (byte)'v' or (byte)'V' && level[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
        var isReadings = rest.Length >= Readings.Length && Ascii.EqualsIgnoreCase(rest[^Readings.Length..].TrimEnd((byte)'/'), Readings);
        if (!isVersion && !isReadings)
        {
            return null;
        }

        var fault = topicName[0] == '/' ? "begins with a slash"
            : !rest.StartsWith("telemetry/"u8) || (isVersion && level[0] == 'V') ? "is written with other letters, and topics tell upper from lower case"
            : isVersion ? "names another version"
            : "names no version";
        return $"This topic {fault}, so the message was not stored as readings. Readings go to telemetry/v1/{{device}}/readings.";
    }

    private bool MatchesPattern(ReadOnlySpan<byte> topicName)
    {
        foreach (var pattern in _patterns)
        {
            if (pattern.TryMatch(topicName, out _, out _))
            {
                return true;
            }
        }

        return false;
    }
}
