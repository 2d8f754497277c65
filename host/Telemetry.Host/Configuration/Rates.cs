using System.Globalization;

namespace Telemetry.Host.Configuration;

/// <summary>Rates of readings as people write them: <c>10M/h</c>, <c>2800/s</c>, <c>50k/s</c>, <c>max</c>.</summary>
internal static class Rates
{
    /// <summary>Readings an hour; null for <c>max</c>, as fast as acknowledgements come.</summary>
    /// <exception cref="FormatException">Not a rate.</exception>
    public static double? ParsePerHour(string text)
    {
        if (text.Equals("max", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var per = slash < 0 ? "h" : text[(slash + 1)..];
        var amount = slash < 0 ? text : text[..slash];
        var hours = per.ToUpperInvariant() switch
        {
            "S" => 3600.0,
            "M" or "MIN" => 60.0,
            "H" => 1.0,
            _ => throw Bad(text),
        };
        var scale = amount.Length == 0 ? throw Bad(text) : char.ToUpperInvariant(amount[^1]) switch
        {
            'K' => 1e3,
            'M' => 1e6,
            'G' => 1e9,
            _ => 1.0,
        };
        var digits = scale == 1.0 ? amount : amount[..^1];
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number is > 0 and < 1e15
            ? number * scale * hours
            : throw Bad(text);
    }

    private static FormatException Bad(string text) =>
        new($"\"{text}\" is not a rate; give for example 10M/h, 2800/s, 50k/s or max.");
}
