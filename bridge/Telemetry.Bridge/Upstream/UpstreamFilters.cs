namespace Telemetry.Bridge.Upstream;

/// <summary>What is subscribed to at the broker.</summary>
internal static class UpstreamFilters
{
    private const string Readings = "telemetry/v1/+/readings";

    /// <summary>The filters of the settings; where there are none, our topic and the patterns of the bridge.</summary>
    public static IReadOnlyList<string> Of(UpstreamOptions options, BridgeOptions bridge) => options.Filters.Length > 0
        ? [.. options.Filters.Distinct(StringComparer.Ordinal)]
        : [.. bridge.Topics.Select(topic => OfPattern(topic.Pattern)).Prepend(Readings).Distinct(StringComparer.Ordinal)];

    public static string Shared(string group, string filter) => $"$share/{group}/{filter}";

    /// <summary>Null, or what is wrong with a filter and what to do.</summary>
    public static string? Problem(string filter)
    {
        if (filter.Length == 0 || filter.Contains('\0', StringComparison.Ordinal))
        {
            return "is not a topic filter. Give for example telemetry/v1/+/readings.";
        }

        if (filter.StartsWith("$share/", StringComparison.Ordinal))
        {
            return "is shared already. Give the filter alone and the group as Upstream:Group.";
        }

        var levels = filter.Split('/');
        for (var i = 0; i < levels.Length; i++)
        {
            if ((levels[i].Contains('#', StringComparison.Ordinal) && (levels[i] != "#" || i != levels.Length - 1))
                || (levels[i].Contains('+', StringComparison.Ordinal) && levels[i] != "+"))
            {
                return "is not a topic filter: + stands for one whole level and # for all the last ones.";
            }
        }

        return null;
    }

    private static string OfPattern(string pattern) =>
        string.Join('/', pattern.Split('/').Select(level => level is "{device}" or "{sensor}" ? "+" : level));
}
