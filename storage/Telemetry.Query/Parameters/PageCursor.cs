using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Telemetry.Query.Parameters;

/// <summary>
/// Where a page ends, as text for the next request (base64url). In lists by name it is the name of the last row. In lists by time it is the number of rows before
/// and the range of the first page, so that what comes meanwhile moves nothing.
/// </summary>
/// <param name="Name">Name of the last row; empty in a list by time.</param>
/// <param name="Offset">Rows before.</param>
/// <param name="Range">Range of the first page; null: the list has none.</param>
internal readonly record struct PageCursor(string Name, int Offset, TimeRange? Range)
{
    /// <summary>No name has it.</summary>
    private const char Mark = '@';

    public static string Write(string name) => Encode(name);

    public static string Write(int offset, TimeRange? range) => Encode(range is { } held
        ? string.Create(CultureInfo.InvariantCulture, $"{Mark}{offset}{Mark}{held.From}{Mark}{held.To}")
        : string.Create(CultureInfo.InvariantCulture, $"{Mark}{offset}"));

    public static bool TryRead(string text, out PageCursor cursor)
    {
        cursor = default;
        var decoded = Base64Url.IsValid(text) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)) : "";
        if (decoded.Length == 0 || decoded[0] != Mark)
        {
            cursor = new PageCursor(decoded, 0, null);
            return decoded.Length > 0;
        }

        var parts = decoded[1..].Split(Mark);
        if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            return false;
        }

        if (parts.Length == 1)
        {
            cursor = new PageCursor("", offset, null);
            return true;
        }

        if (parts.Length != 3 || !Time(parts[1], out var from) || !Time(parts[2], out var to) || from >= to)
        {
            return false;
        }

        cursor = new PageCursor("", offset, new TimeRange(from, to));
        return true;
    }

    private static bool Time(string text, out long us) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out us) && us <= Contracts.Text.TimeText.MaxUs;

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
