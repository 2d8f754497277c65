using System.Globalization;
using System.Text.RegularExpressions;
using Telemetry.Contracts.Measurement;

namespace Telemetry.Contracts.Text;

/// <summary>
/// Points in time as people and programs write them, on the command line and in the API alike: RFC 3339 (<c>2026-01-31T12:00:00Z</c>, with
/// offset or Z), Unix milliseconds, <c>now</c>, relative to now (<c>now-1h</c>, <c>now+5m</c>), or a duration before now (<c>2h</c>).
/// </summary>
public static partial class TimeText
{
    /// <summary>For messages to people.</summary>
    public const string Example = "2026-01-31T12:00:00Z, 1769860800000, now-1h or 1h";

    /// <summary>Last time that is taken, 2100-01-01, in microseconds; the first is 1970-01-01.</summary>
    public const long MaxUs = 4_102_444_800_000_000;

    /// <exception cref="FormatException">Not a point in time between 1970 and 2100.</exception>
    public static DateTimeOffset Parse(string text, DateTimeOffset now) => TryParse(text, now, out var us)
        ? UnixMicros.ToTime(us)
        : throw new FormatException($"'{text}' is not a point in time between 1970 and 2100. Give {Example}.");

    /// <param name="text">The text.</param>
    /// <param name="now">What <c>now</c> is.</param>
    /// <param name="microseconds">Since 1970.</param>
    public static bool TryParse(string text, DateTimeOffset now, out long microseconds)
    {
        microseconds = 0;
        if (text.StartsWith("now", StringComparison.Ordinal))
        {
            return TryParseRelative(text, now, out microseconds);
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms))
        {
            microseconds = ms > MaxUs / 1000 ? -1 : ms * 1000;
            return microseconds >= 0;
        }

        if (DurationText.TryParse(text, out var before))
        {
            microseconds = UnixMicros.From(now - before);
            return microseconds >= 0;
        }

        if (!Rfc3339().IsMatch(text))
        {
            return false;
        }

        // The plus of an offset arrives as a blank when it was not escaped in the URL.
        if (text.Length > 6 && text[^6] == ' ')
        {
            text = string.Concat(text.AsSpan(0, text.Length - 6), "+", text.AsSpan(text.Length - 5));
        }

        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return false;
        }

        microseconds = UnixMicros.From(time);
        return microseconds is >= 0 and <= MaxUs;
    }

    /// <summary>RFC 3339, UTC, microseconds.</summary>
    public static string Format(long us) =>
        UnixMicros.ToTime(us).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static bool TryParseRelative(string text, DateTimeOffset now, out long microseconds)
    {
        microseconds = UnixMicros.From(now);
        if (text.Length == 3)
        {
            return true;
        }

        // A plus sign in a query string arrives as a blank.
        var sign = text[3] switch { '-' => -1, '+' or ' ' => 1, _ => 0 };
        if (sign == 0 || !DurationText.TryParse(text[4..], out var distance))
        {
            return false;
        }

        microseconds += sign * UnixMicros.From(distance);
        return microseconds is >= 0 and <= MaxUs;
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+\- ]\d\d:\d\d)$", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
