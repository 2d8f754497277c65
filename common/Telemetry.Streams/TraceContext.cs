using System.Buffers.Text;
using System.Diagnostics;
using System.Text;

namespace Telemetry.Streams;

/// <summary>
/// The W3C trace context of a record (https://www.w3.org/TR/trace-context/#traceparent-header): 55 bytes under the header
/// <c>traceparent</c>, "00-" trace id "-" span id "-" flags. Only records whose publish is traced carry it.
/// </summary>
public static class TraceContext
{
    /// <summary>Name of the header.</summary>
    public const string Header = "traceparent";

    private const int Length = 55;

    /// <summary>The context of a record whose way is traced. False, at the cost of one comparison, for a record without headers.</summary>
    public static bool TryRead(RecordHeaders headers, out ActivityContext context)
    {
        context = default;
        return headers.Count > 0
            && headers.TryGet(Header, out var value)
            && TryParse(value.Span, out context)
            && (context.TraceFlags & ActivityTraceFlags.Recorded) != 0;
    }

    /// <summary>Reads a context, sampled or not.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ActivityContext context)
    {
        context = default;
        Span<char> characters = stackalloc char[Length];
        if (text.Length != Length || !Ascii.IsValid(text))
        {
            return false;
        }

        Encoding.ASCII.GetChars(text, characters);
        return ActivityContext.TryParse(characters.ToString(), null, isRemote: true, out context);
    }

    /// <summary>The bytes of a context.</summary>
    public static byte[] Format(in ActivityContext context)
    {
        var text = new byte[Length];
        "00-"u8.CopyTo(text);
        Encoding.ASCII.GetBytes(context.TraceId.ToHexString(), text.AsSpan(3));
        text[35] = (byte)'-';
        Encoding.ASCII.GetBytes(context.SpanId.ToHexString(), text.AsSpan(36));
        text[52] = (byte)'-';
        Utf8Formatter.TryFormat((byte)context.TraceFlags, text.AsSpan(53), out _, new System.Buffers.StandardFormat('x', 2));
        return text;
    }
}
