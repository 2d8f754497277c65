using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Contracts.Readings;

namespace Telemetry.Contracts.Sparkplug;

/// <summary>
/// Device ids and sensor names of what Sparkplug names. Ours are 64 of few characters (<see cref="ReadingNames"/>), Sparkplug's are any
/// text, so:
/// <para>a node is <c>{group}:{edge}</c>, a device <c>{group}:{edge}:{device}</c>, a sensor the metric's name;</para>
/// <para>
/// a byte that may not stand there is written <c>_xHH</c> (two hexadecimal digits, upper case); of a name that already holds such a
/// sequence the underscore is written so, therefore two names never become one;
/// </para>
/// <para>what is longer than 64 after that ends in <c>:h</c> and the first 16 hexadecimal digits of the SHA-256 of the whole.</para>
/// </summary>
public static class SparkplugNames
{
    private const int HashBytes = 8;
    private const int KeptBytes = ReadingLimits.NameBytesMax - 2 - (2 * HashBytes);

    private static ReadOnlySpan<byte> Hex => "0123456789ABCDEF"u8;

    /// <summary>Device id of a node (<paramref name="device"/> empty) or of one of its devices.</summary>
    public static byte[] Device(ReadOnlySpan<byte> group, ReadOnlySpan<byte> edge, ReadOnlySpan<byte> device)
    {
        var name = new List<byte>(ReadingLimits.NameBytesMax);
        Escape(name, group, isSensor: false);
        name.Add((byte)':');
        Escape(name, edge, isSensor: false);
        if (!device.IsEmpty)
        {
            name.Add((byte)':');
            Escape(name, device, isSensor: false);
        }

        return Shortened(name);
    }

    /// <summary>The other way: what a device id was made of.</summary>
    /// <param name="name">Device id.</param>
    /// <param name="group">Group id.</param>
    /// <param name="edge">Edge node id.</param>
    /// <param name="device">Device id; null for the edge node itself.</param>
    /// <returns>False when it is not an edge node's or its device's, or was too long to be kept whole: then it cannot be told.</returns>
    public static bool TryParseDevice(string name, [NotNullWhen(true)] out string? group, [NotNullWhen(true)] out string? edge, out string? device)
    {
        ArgumentNullException.ThrowIfNull(name);
        group = edge = device = null;
        var parts = name.Split(':');
        if (parts.Length is not (2 or 3) || parts.Any(p => p.Length == 0) || (name.Length == ReadingLimits.NameBytesMax && IsShortened(parts[^1])))
        {
            return false;
        }

        group = Unescape(parts[0]);
        edge = Unescape(parts[1]);
        device = parts.Length == 3 ? Unescape(parts[2]) : null;
        return group is not null && edge is not null && (device is not null || parts.Length == 2);
    }

    /// <summary>Sensor name of a metric.</summary>
    public static byte[] Sensor(ReadOnlySpan<byte> metric)
    {
        if (ReadingNames.IsSensor(metric) && metric.IndexOf("_x"u8) < 0)
        {
            return metric.ToArray();
        }

        var name = new List<byte>(ReadingLimits.NameBytesMax);
        Escape(name, metric, isSensor: true);
        return Shortened(name);
    }

    private static bool IsShortened(string last) =>
        last.Length == 1 + (2 * HashBytes) && last[0] == 'h' && last.AsSpan(1).IndexOfAnyExceptInRange('0', 'F') < 0;

    /// <returns>Null when the bytes are no UTF-8.</returns>
    private static string? Unescape(string text)
    {
        var bytes = new List<byte>(text.Length);
        var utf8 = Encoding.UTF8.GetBytes(text).AsSpan();
        for (var i = 0; i < utf8.Length; i++)
        {
            if (utf8[i] == '_' && IsEscape(utf8[i..]))
            {
                bytes.Add((byte)((Hex.IndexOf(utf8[i + 2]) << 4) | Hex.IndexOf(utf8[i + 3])));
                i += 3;
            }
            else
            {
                bytes.Add(utf8[i]);
            }
        }

        var whole = bytes.ToArray();
        return System.Text.Unicode.Utf8.IsValid(whole) ? Encoding.UTF8.GetString(whole) : null;
    }

    private static void Escape(List<byte> to, ReadOnlySpan<byte> text, bool isSensor)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            var isLegal = char.IsAsciiLetterOrDigit((char)b) || b is (byte)'.' or (byte)'-' || (b == '_' && !IsEscape(text[i..]))
                || (isSensor && b is (byte)':' or (byte)'/');
            if (isLegal)
            {
                to.Add(b);
            }
            else
            {
                to.AddRange([(byte)'_', (byte)'x', Hex[b >> 4], Hex[b & 0xF]]);
            }
        }
    }

    private static bool IsEscape(ReadOnlySpan<byte> text) =>
        text.Length >= 4 && text[1] == 'x' && Hex.Contains(text[2]) && Hex.Contains(text[3]);

    private static byte[] Shortened(List<byte> name)
    {
        if (name.Count <= ReadingLimits.NameBytesMax)
        {
            return [.. name];
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(name), hash);
        var kept = name.GetRange(0, KeptBytes);
        kept.AddRange(":h"u8);
        for (var i = 0; i < HashBytes; i++)
        {
            kept.Add(Hex[hash[i] >> 4]);
            kept.Add(Hex[hash[i] & 0xF]);
        }

        return [.. kept];
    }
}
