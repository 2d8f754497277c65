using System.Security.Cryptography;
using Telemetry.Contracts.Readings;

namespace Telemetry.Bridge.Sparkplug.Names;

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
internal static class SparkplugNames
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
