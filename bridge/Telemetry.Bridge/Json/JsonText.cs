using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Telemetry.Bridge.Json;

/// <summary>
/// Strings and names of a JSON text, read without trust: an escape may stand for half a character (<c>"\ud800"</c>), and bytes
/// need not be UTF-8. The reader of the runtime throws on both; here they are names that nothing is called by.
/// </summary>
internal static class JsonText
{
    private const int ShownMax = 40;

    private static ReadOnlySpan<byte> Utf8Mark => [0xEF, 0xBB, 0xBF];

    /// <summary>The text without the byte order mark that some editors and devices put in front.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> json) =>
        json.StartsWith(Utf8Mark) ? json[Utf8Mark.Length..] : json;

    /// <summary>True: the bytes begin as UTF-16 or UTF-32 do.</summary>
    public static bool IsWide(ReadOnlySpan<byte> json) =>
        json.Length >= 2 && ((json[0] == 0xFF && json[1] == 0xFE) || (json[0] == 0xFE && json[1] == 0xFF));

    /// <summary>Unescapes the string or name that the reader stands on; false when it is longer than the destination or not Unicode.</summary>
    public static bool TryCopy(ref Utf8JsonReader reader, scoped Span<byte> destination, out int length)
    {
        length = 0;
        var raw = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            length = raw.Length;
            return raw.TryCopyTo(destination);
        }

        // The longest escape, a \u with four digits, makes one byte of six.
        if (raw.Length > destination.Length * 6)
        {
            return false;
        }

        var rented = ArrayPool<byte>.Shared.Rent(raw.Length);
        try
        {
            length = reader.CopyString(rented);
            return rented.AsSpan(0, length).TryCopyTo(destination);
        }
        catch (InvalidOperationException)
        {
            length = 0;
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>True when the name or string that the reader stands on is this one.</summary>
    public static bool Is(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name)
    {
        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan.SequenceEqual(name);
        }

        Span<byte> copy = stackalloc byte[64];
        return TryCopy(ref reader, copy, out var length) && copy[..length].SequenceEqual(name);
    }

    /// <summary>The name or string as it stands in the text, for a message: plain characters only, and not too many of them.</summary>
    public static string Shown(ref Utf8JsonReader reader) => Shown(reader.ValueSpan);

    /// <summary>As the other overload, of any bytes.</summary>
    public static string Shown(ReadOnlySpan<byte> text)
    {
        var shown = new StringBuilder("\"");
        foreach (var at in text[..Math.Min(text.Length, ShownMax)])
        {
            if (at is >= 0x20 and < 0x7F)
            {
                shown.Append((char)at);
            }
            else
            {
                shown.Append(CultureInfo.InvariantCulture, $"\\x{at:X2}");
            }
        }

        return shown.Append(text.Length > ShownMax ? "...\"" : "\"").ToString();
    }
}
