using System.Buffers;

namespace Telemetry.Fuzz.Codec;

/// <summary>The same bytes in several segments, cut where the bytes themselves say, so that a run can be repeated.</summary>
internal sealed class Pieces : ReadOnlySequenceSegment<byte>
{
    public static ReadOnlySequence<byte> Of(byte[] bytes)
    {
        var random = new Random(bytes.Length == 0 ? 0 : bytes[0] + (bytes[^1] << 8) + bytes.Length);
        var first = new Pieces();
        var last = first;
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, random.Next(3) == 0 ? 1 : random.Next(1, 40));
            var next = new Pieces { Memory = bytes.AsMemory(at, length), RunningIndex = at };
            last.Next = next;
            last = next;
            at += length;
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }
}
