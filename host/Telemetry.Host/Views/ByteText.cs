using System.Globalization;

namespace Telemetry.Host.Views;

/// <summary>Bytes for people, in decimal units as disks are sold: 812 B, 4.1 kB, 250 GB.</summary>
internal static class ByteText
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>A number with one of the units, for example 250GB; without a unit bytes.</summary>
    /// <exception cref="FormatException">It is none, or less than one byte.</exception>
    public static double Parse(string text)
    {
        var trimmed = text.Trim();
        var unit = Array.FindLastIndex(Units, u => trimmed.EndsWith(u, StringComparison.OrdinalIgnoreCase));
        var digits = unit < 0 ? trimmed : trimmed[..^Units[unit].Length];
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number * Math.Pow(1000, Math.Max(0, unit)) is >= 1 and < 1e21 and var bytes
            ? bytes
            : throw new FormatException($"\"{text}\" is no size: give for example 250GB or 2TB.");
    }

    public static string Of(double bytes)
    {
        var unit = 0;
        while (bytes >= 999.5 && unit < Units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        var digits = unit == 0 || bytes >= 99.95 ? "0" : bytes >= 9.995 ? "0.0" : "0.00";
        return $"{bytes.ToString(digits, CultureInfo.InvariantCulture)} {Units[unit]}";
    }
}
