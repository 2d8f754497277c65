using System.Buffers.Binary;
using System.Text;

namespace Telemetry.Streams.Journal.Format;

/// <summary>Layout: count i32, then per header name length u16, name (UTF-8), value length i32, value.</summary>
internal static class HeadersFormat
{
    private const int NamesMax = 256;

    public static int Measure(RecordHeaders? headers)
    {
        if (headers is null || headers.Count == 0)
        {
            return 0;
        }

        var length = sizeof(int);
        for (var i = 0; i < headers.Count; i++)
        {
            var (name, value) = headers[i];
            length = checked(
                length + sizeof(ushort) + Encoding.UTF8.GetByteCount(name) + sizeof(int) + value.Length);
        }

        return length;
    }

    public static void Write(Span<byte> target, RecordHeaders headers)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, headers.Count);
        target = target[4..];
        for (var i = 0; i < headers.Count; i++)
        {
            var (name, value) = headers[i];
            var length = Encoding.UTF8.GetBytes(name, target[2..]);
            BinaryPrimitives.WriteUInt16LittleEndian(target, checked((ushort)length));
            target = target[(2 + length)..];
            BinaryPrimitives.WriteInt32LittleEndian(target, value.Length);
            value.Span.CopyTo(target[4..]);
            target = target[(4 + value.Length)..];
        }
    }

    /// <param name="bytes">Headers of a record.</param>
    /// <param name="names">Names met before: a stream has few, so each is one string.</param>
    public static RecordHeaders Read(ReadOnlyMemory<byte> bytes, List<string> names)
    {
        if (bytes.IsEmpty)
        {
            return RecordHeaders.Empty;
        }

        var headers = new KeyValuePair<string, ReadOnlyMemory<byte>>[BinaryPrimitives.ReadInt32LittleEndian(bytes.Span)];
        bytes = bytes[4..];
        for (var i = 0; i < headers.Length; i++)
        {
            var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span);
            var name = Name(bytes.Span.Slice(2, nameLength), names);
            bytes = bytes[(2 + nameLength)..];
            var valueLength = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span);
            headers[i] = new(name, bytes.Slice(4, valueLength));
            bytes = bytes[(4 + valueLength)..];
        }

        return new RecordHeaders(headers);
    }

    private static string Name(ReadOnlySpan<byte> utf8, List<string> names)
    {
        foreach (var known in names)
        {
            if (Encoding.UTF8.GetByteCount(known) == utf8.Length && Same(known, utf8))
            {
                return known;
            }
        }

        var name = Encoding.UTF8.GetString(utf8);
        if (names.Count < NamesMax)
        {
            names.Add(name);
        }

        return name;
    }

    private static bool Same(string text, ReadOnlySpan<byte> utf8)
    {
        Span<char> chars = stackalloc char[128];
        return text.Length <= chars.Length
            && Encoding.UTF8.TryGetChars(utf8, chars, out var written)
            && text.AsSpan().SequenceEqual(chars[..written]);
    }
}
