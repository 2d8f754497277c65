using System.Buffers;
using System.Text;
using Telemetry.Mqtt;

namespace Telemetry.Tests.Mqtt;

/// <summary>Builds packets by hand, byte for byte, so that decoder tests do not lean on the encoder.</summary>
internal static class Wire
{
    /// <summary>A packet from its first byte and the parts of its body: bytes, byte arrays, or strings with a length.</summary>
    public static byte[] Packet(byte firstByte, params object[] parts)
    {
        var body = Join(parts);
        var length = new byte[4];
        var count = VariableByteInteger.Write(length, body.Length);
        return [firstByte, .. length[..count], .. body];
    }

    public static byte[] Join(params object[] parts)
    {
        var bytes = new List<byte>();
        foreach (var part in parts)
        {
            switch (part)
            {
                case int b: bytes.Add(checked((byte)b)); break;
                case byte b: bytes.Add(b); break;
                case byte[] raw: bytes.AddRange(raw); break;
                case string text: bytes.AddRange(Text(Encoding.UTF8.GetBytes(text))); break;
                default: throw new ArgumentException($"No way to write a {part.GetType()}.");
            }
        }
        return [.. bytes];
    }

    /// <summary>Bytes with their length in front.</summary>
    public static byte[] Text(byte[] value) => [(byte)(value.Length >> 8), (byte)value.Length, .. value];

    /// <summary>A property block with its length in front.</summary>
    public static byte[] Properties(params object[] parts)
    {
        var block = Join(parts);
        var length = new byte[4];
        var count = VariableByteInteger.Write(length, block.Length);
        return [.. length[..count], .. block];
    }

    /// <summary>The bytes in two segments, the second beginning at <paramref name="at"/>.</summary>
    public static ReadOnlySequence<byte> Split(byte[] bytes, int at) => Segment.Chain(bytes.AsMemory(0, at), bytes.AsMemory(at));

    /// <summary>Each byte in a segment of its own.</summary>
    public static ReadOnlySequence<byte> Shatter(byte[] bytes) =>
        Segment.Chain([.. Enumerable.Range(0, bytes.Length).Select(i => (ReadOnlyMemory<byte>)bytes.AsMemory(i, 1))]);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public static ReadOnlySequence<byte> Chain(params ReadOnlyMemory<byte>[] parts)
        {
            if (parts.Length == 0)
            {
                return ReadOnlySequence<byte>.Empty;
            }
            var first = new Segment { Memory = parts[0] };
            var last = first;
            foreach (var part in parts.AsSpan(1))
            {
                var next = new Segment { Memory = part, RunningIndex = last.RunningIndex + last.Memory.Length };
                last.Next = next;
                last = next;
            }
            return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
        }
    }
}
