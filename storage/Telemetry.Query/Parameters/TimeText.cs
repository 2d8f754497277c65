using System.Globalization;
using System.Text.RegularExpressions;

namespace Telemetry.Query.Parameters;

/// <summary>
/// Points in time as people and programs write them: RFC 3339 (<c>2026-01-31T12:00:00Z</c>, with offset or Z), Unix
/// milliseconds, <c>now</c>, or relative to now (<c>now-1h</c>, <c>now+5m</c>). Microseconds since 1970.
/// </summary>
internal static partial class TimeText
{
    public const string Example = "2026-01-31T12:00:00Z, 1769860800000 or now-1h";

    /// <summary>First and last time the store can hold: 1970-01-01 to 2100-01-01, in microseconds.</summary>
    public const long MaxUs = 4_102_444_800_000_000;

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

        microseconds = ToMicroseconds(time);
        return microseconds is >= 0 and <= MaxUs;
    }

    public static long ToMicroseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromMicroseconds(long us) =>
        DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond);

    /// <summary>RFC 3339, UTC, microseconds.</summary>
    public static string Format(long us) =>
        FromMicroseconds(us).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static bool TryParseRelative(string text, DateTimeOffset now, out long microseconds)
    {
        microseconds = ToMicroseconds(now);
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

        microseconds += sign * distance.Ticks / TimeSpan.TicksPerMicrosecond;
        return microseconds is >= 0 and <= MaxUs;
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+\- ]\d\d:\d\d)$", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
