using System.Text.Json;

namespace Telemetry.Bridge.Json;

/// <summary>
/// The time of a reading: RFC 3339 with its offset, or a Unix time whose size tells the unit. A time without an offset is
/// refused: whose local time it is cannot be known, and a guess would be hours off.
/// Source: https://www.rfc-editor.org/rfc/rfc3339#section-5.6
/// </summary>
internal static class JsonTime
{
    /// <summary>What is legal, as the rest of a sentence.</summary>
    public const string Rule =
        "has a time that is neither RFC 3339 with an offset (2026-01-31T12:00:00Z, 2026-01-31T13:00:00+01:00) "
        + "nor a Unix time in seconds, milliseconds or microseconds";

    // Seconds end in the year 5138, where milliseconds begin in 1973, and so on: nothing in use is ambiguous.
    private const long MillisecondsFrom = 100_000_000_000;
    private const long MicrosecondsFrom = 100_000_000_000_000;
    private const long MicrosecondsEnd = 100_000_000_000_000_000;
    private const int DigitsMax = 64;

    /// <summary>Reads the token that the reader stands on.</summary>
    /// <param name="reader">Stands on the value.</param>
    /// <param name="us">Microseconds since 1970-01-01T00:00:00Z.</param>
    public static bool TryRead(ref Utf8JsonReader reader, out long us)
    {
        us = 0;
        Span<byte> text = stackalloc byte[DigitsMax];
        return reader.TokenType switch
        {
            JsonTokenType.Number => TryReadNumber(ref reader, out us),
            JsonTokenType.String => JsonText.TryCopy(ref reader, text, out var length) && TryParse(text[..length], out us),
            _ => false,
        };
    }

    /// <summary>RFC 3339, letters in either case, with T or a space between date and time.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long us)
    {
        us = 0;
        if (text.Length < 20
            || !TryDigits(text[..4], out var year) || text[4] != '-'
            || !TryDigits(text.Slice(5, 2), out var month) || text[7] != '-'
            || !TryDigits(text.Slice(8, 2), out var day) || text[10] is not ((byte)'T' or (byte)'t' or (byte)' ')
            || !TryDigits(text.Slice(11, 2), out var hour) || text[13] != ':'
            || !TryDigits(text.Slice(14, 2), out var minute) || text[16] != ':'
            || !TryDigits(text.Slice(17, 2), out var second))
        {
            return false;
        }

        var rest = text[19..];
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 60
            || !TryFraction(ref rest, out var fraction) || !TryOffset(rest, out var offsetMinutes))
        {
            return false;
        }

        // A leap second is the first moment of the next minute: Unix time has no place for it.
        var minutes = (new DateTime(year, month, day).Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMinute;
        us = ((((minutes + (hour * 60) + minute - offsetMinutes) * 60) + second) * 1_000_000) + fraction;
        return true;
    }

    private static bool TryReadNumber(ref Utf8JsonReader reader, out long us)
    {
        us = 0;
        if (!reader.TryGetDecimal(out var number))
        {
            return false;
        }

        var size = Math.Abs(number);
        if (size >= MicrosecondsEnd)
        {
            return false;
        }

        var scale = size < MillisecondsFrom ? 1_000_000 : size < MicrosecondsFrom ? 1_000 : 1;
        us = (long)Math.Round(number * scale);
        return true;
    }

    private static bool TryFraction(ref ReadOnlySpan<byte> rest, out int us)
    {
        us = 0;
        if (rest.IsEmpty || rest[0] != '.')
        {
            return true;
        }

        var digits = rest[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 1)
        {
            return false;
        }

        for (var i = 0; i < 6; i++)
        {
            us = (us * 10) + (i < digits ? rest[1 + i] - '0' : 0);
        }

        rest = rest[(1 + digits)..];
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 1)
        {
            return text[0] is (byte)'Z' or (byte)'z';
        }

        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':'
            || !TryDigits(text.Slice(1, 2), out var hour) || !TryDigits(text.Slice(4, 2), out var minute)
            || hour > 23 || minute > 59)
        {
            return false;
        }

        minutes = ((hour * 60) + minute) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, out int number)
    {
        number = 0;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            number = (number * 10) + digit - '0';
        }

        return true;
    }
}
