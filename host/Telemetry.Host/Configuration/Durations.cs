using System.Globalization;

namespace Telemetry.Host.Configuration;

/// <summary>Durations as people write them: <c>250ms</c>, <c>5s</c>, <c>10m</c>, <c>24h</c>, <c>730d</c>, or .NET's <c>00:00:05</c>.</summary>
internal static class Durations
{
    private static readonly (string Suffix, double Seconds)[] Units =
        [("ms", 0.001), ("us", 0.000001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];

    /// <exception cref="FormatException">Not a duration.</exception>
    public static TimeSpan Parse(string text)
    {
        foreach (var (suffix, seconds) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(text[..^suffix.Length], NumberStyles.Float, CultureInfo.InvariantCulture, out var count))
            {
                return count * seconds is >= 0 and < 1e10
                    ? TimeSpan.FromTicks((long)Math.Round(count * seconds * TimeSpan.TicksPerSecond))
                    : throw new FormatException($"\"{text}\" is not a duration.");
            }
        }

        return text.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span)
            ? span
            : throw new FormatException($"\"{text}\" is not a duration.");
    }
}
