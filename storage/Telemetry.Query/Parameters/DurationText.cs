using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;

namespace Telemetry.Query.Parameters;

/// <summary>Durations: short (<c>90s</c>, <c>15m</c>, <c>1h</c>, <c>7d</c>, <c>2w</c>, <c>250ms</c>) or ISO 8601 (<c>PT15M</c>, <c>P1D</c>).</summary>
internal static partial class DurationText
{
    private static readonly TimeSpan Max = TimeSpan.FromDays(36_500);

    /// <summary>True for a duration above zero and up to 100 years.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var match = Short().Match(text);
        if (match.Success)
        {
            return TryParseShort(match, out duration);
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

        return duration > TimeSpan.Zero && duration <= Max;
    }

    private static bool TryParseShort(Match match, out TimeSpan duration)
    {
        var unit = match.Groups[2].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(1),
            "s" => TimeSpan.FromSeconds(1),
            "m" => TimeSpan.FromMinutes(1),
            "h" => TimeSpan.FromHours(1),
            "d" => TimeSpan.FromDays(1),
            _ => TimeSpan.FromDays(7),
        };
        duration = default;
        if (!long.TryParse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count == 0
            || count > Max.Ticks / unit.Ticks)
        {
            return false;
        }

        duration = unit * count;
        return true;
    }

    [GeneratedRegex("^([0-9]{1,15})(ms|s|m|h|d|w)$", RegexOptions.CultureInvariant)]
    private static partial Regex Short();

    [GeneratedRegex(@"^P([0-9]{1,9}D)?(T([0-9]{1,9}H)?([0-9]{1,9}M)?([0-9]{1,9}(\.[0-9]{1,7})?S)?)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Iso();
}
