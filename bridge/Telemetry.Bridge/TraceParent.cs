using System.Buffers;
using System.Text;

namespace Telemetry.Bridge;

/// <summary>The W3C trace context that a publish may carry: version-traceid-parentid-flags, in lower-case hexadecimal.</summary>
internal static class TraceParent
{
    /// <summary>Longest one taken: later versions may be longer than the 55 bytes of today's.</summary>
    private const int BytesMax = 128;

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>True when it is one; anything else a sender may put there, up to 64 KiB, goes no further.</summary>
    public static bool IsLegal(ReadOnlySpan<byte> value) =>
        value.Length is >= 55 and <= BytesMax && value[2] == '-' && value[35] == '-' && value[52] == '-'
        && !value[3..35].ContainsAnyExcept(HexDigits) && !value[36..52].ContainsAnyExcept(HexDigits);

    /// <summary>The trace id, empty when it is not one.</summary>
    public static string Id(ReadOnlySpan<byte> value) => IsLegal(value) ? Encoding.ASCII.GetString(value[3..35]) : "";
}
