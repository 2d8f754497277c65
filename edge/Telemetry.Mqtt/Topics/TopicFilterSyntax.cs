namespace Telemetry.Mqtt;

/// <summary>Grammar and matching of topic filters.</summary>
internal static class TopicFilterSyntax
{
    private const string SharePrefix = "$share/";

    /// <summary>Takes the share name off and checks both parts.</summary>
    public static bool TrySplit(string text, out string? shareName, out string filter, out MqttError error)
    {
        shareName = null;
        filter = text;
        if (text.StartsWith(SharePrefix, StringComparison.Ordinal))
        {
            var name = text.AsSpan(SharePrefix.Length);
            var slash = name.IndexOf('/');
            if (slash == 0)
            {
                error = MqttError.Malformed("MQTT-4.8.2-1", "A Share Name must have at least one character.");
                return false;
            }
            if (slash < 0 || slash == name.Length - 1)
            {
                error = MqttError.Malformed("MQTT-4.8.2-2", "A Share Name must be followed by '/' and a Topic Filter.");
                return false;
            }
            if (name[..slash].ContainsAny('+', '#'))
            {
                error = MqttError.Malformed("MQTT-4.8.2-2", "A Share Name must not contain wildcard characters.");
                return false;
            }
            shareName = name[..slash].ToString();
            filter = name[(slash + 1)..].ToString();
        }
        else if (text == "$share")
        {
            error = MqttError.Malformed("MQTT-4.8.2-2", "A Share Name must be followed by '/' and a Topic Filter.");
            return false;
        }
        return TryCheck(filter, out error);
    }

    private static bool TryCheck(ReadOnlySpan<char> filter, out MqttError error)
    {
        if (filter.IsEmpty)
        {
            error = MqttError.Malformed("MQTT-4.7.3-1", "A Topic Filter must have at least one character.");
            return false;
        }
        for (var i = 0; i < filter.Length; i++)
        {
            var c = filter[i];
            var opensLevel = i == 0 || filter[i - 1] == '/';
            if (c == '#' && (!opensLevel || i != filter.Length - 1))
            {
                error = MqttError.Malformed("MQTT-4.7.1-1", "'#' must be a level of its own and the last one.");
                return false;
            }
            if (c == '+' && (!opensLevel || (i != filter.Length - 1 && filter[i + 1] != '/')))
            {
                error = MqttError.Malformed("MQTT-4.7.1-2", "'+' must be a level of its own.");
                return false;
            }
        }
        error = default;
        return true;
    }

    /// <summary>Level by level, from the front; both sides are valid.</summary>
    public static bool Matches(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> topic)
    {
        if (topic.IsEmpty || filter.IsEmpty)
        {
            return false;
        }
        if (topic[0] == (byte)'$' && filter[0] is (byte)'+' or (byte)'#')
        {
            return false;
        }
        while (true)
        {
            if (filter is [(byte)'#'])
            {
                return true;
            }
            var filterLevel = NextLevel(filter, out var filterRest, out var filterHasMore);
            var topicLevel = NextLevel(topic, out var topicRest, out var topicHasMore);
            if (filterLevel is not [(byte)'+'] && !filterLevel.SequenceEqual(topicLevel))
            {
                return false;
            }
            if (!topicHasMore)
            {
                // "sport/#" also matches the parent "sport" (4.7.1.2).
                return !filterHasMore || filterRest is [(byte)'#'];
            }
            if (!filterHasMore)
            {
                return false;
            }
            filter = filterRest;
            topic = topicRest;
        }
    }

    private static ReadOnlySpan<byte> NextLevel(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> rest, out bool hasMore)
    {
        var slash = path.IndexOf((byte)'/');
        hasMore = slash >= 0;
        rest = hasMore ? path[(slash + 1)..] : default;
        return hasMore ? path[..slash] : path;
    }
}
