using System.Globalization;

namespace Telemetry.Host.Views;

/// <summary>Bytes for people, in decimal units as disks are sold: 812 B, 4.1 kB, 250 GB.</summary>
internal static class ByteText
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

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
