using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;

namespace Telemetry.Contracts.Text;

/// <summary>
/// Durations as people and programs write them, in settings, flags and the API alike: short (<c>250ms</c>, <c>90s</c>, <c>1.5h</c>, <c>7d</c>,
/// <c>2w</c>; <c>0</c> alone), ISO 8601 (<c>PT15M</c>, <c>P1D</c>), or .NET's (<c>00:00:05</c>). From zero to 100 years.
/// </summary>
public static partial class DurationText
{
    private static readonly TimeSpan Max = TimeSpan.FromDays(36_500);

    private static readonly (string Name, long Ticks)[] Units =
    [
        ("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond), ("us", TimeSpan.TicksPerMicrosecond),
    ];

    /// <exception cref="FormatException">Not a duration, or beyond 100 years.</exception>
    public static TimeSpan Parse(string text) =>
        TryParse(text, out var duration) ? duration : throw new FormatException($"\"{text}\" is not a duration.");

    /// <summary>True for a duration from zero up to 100 years.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text == "0")
        {
            return true;
        }

        if (Short().Match(text) is { Success: true } match)
        {
            return TryParseShort(match, out duration);
        }

        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration) && IsWithin(duration);
        }

        // Months and years have no fixed length and are refused.
        if (!Iso().IsMatch(text) || text.Length < 3 || text.EndsWith('T'))
        {
            return false;
        }

        try
        {
            duration = XmlConvert.ToTimeSpan(text);
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            return false;
        }

        return IsWithin(duration);
    }

    /// <summary>The shortest form of a duration: <c>90s</c>, <c>250ms</c>, <c>2h</c>; parsing it gives the same duration.</summary>
    public static string Format(TimeSpan duration)
    {
        foreach (var (name, ticks) in Units)
        {
            if (duration.Ticks % ticks == 0 && (duration.Ticks != 0 || name == "s"))
            {
                return string.Create(CultureInfo.InvariantCulture, $"{duration.Ticks / ticks}{name}");
            }
        }

        return duration.ToString("c", CultureInfo.InvariantCulture);
    }

    private static bool IsWithin(TimeSpan duration) => duration >= TimeSpan.Zero && duration <= Max;

    private static bool TryParseShort(Match match, out TimeSpan duration)
    {
        var unit = match.Groups[2].Value.ToLowerInvariant() switch
        {
            "us" => TimeSpan.FromMicroseconds(1),
            "ms" => TimeSpan.FromMilliseconds(1),
            "s" => TimeSpan.FromSeconds(1),
            "m" => TimeSpan.FromMinutes(1),
            "h" => TimeSpan.FromHours(1),
            "d" => TimeSpan.FromDays(1),
            _ => TimeSpan.FromDays(7),
        };
        duration = default;
        if (!decimal.TryParse(match.Groups[1].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            || count * unit.Ticks > Max.Ticks)
        {
            return false;
        }

        duration = TimeSpan.FromTicks((long)decimal.Round(count * unit.Ticks));
        return true;
    }

    [GeneratedRegex(@"^([0-9]{1,15}(?:\.[0-9]{1,9})?)(us|ms|s|m|h|d|w)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Short();

    [GeneratedRegex(@"^P([0-9]{1,9}D)?(T([0-9]{1,9}H)?([0-9]{1,9}M)?([0-9]{1,9}(\.[0-9]{1,7})?S)?)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Iso();
}
