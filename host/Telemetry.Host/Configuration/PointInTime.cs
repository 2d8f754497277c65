using System.Globalization;

namespace Telemetry.Host.Configuration;

/// <summary>Points in time on the command line: RFC 3339, <c>now</c>, or a duration before now.</summary>
internal static class PointInTime
{
    /// <exception cref="FormatException">Neither.</exception>
    public static DateTimeOffset Parse(string text, DateTimeOffset now)
    {
        if (text == "now")
        {
            return now;
        }

        if (DateTimeOffset.TryParse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            && text.Contains('-', StringComparison.Ordinal))
        {
            return time;
        }

        try
        {
            return now - Durations.Parse(text);
        }
        catch (FormatException error)
        {
            throw new FormatException($"'{text}' is no point in time. Give 2026-11-21T08:00:00Z, now, or a time before now such as 2h.", error);
        }
    }
}
