using Telemetry.Mqtt;

namespace Telemetry.Fuzz.Codec;

/// <summary>Changes bytes at random, by a seed: flips, numbers at their limits, pieces moved, doubled, removed, or taken from another input.</summary>
internal sealed class Mutator(Random random)
{
    /// <summary>Longest input, in bytes.</summary>
    public const int MaximumLength = 4096;

    private static readonly byte[] Edges = [0, 1, 2, 3, 0x0B, 0x15, 0x21, 0x23, 0x26, 0x7F, 0x80, 0x81, 0xC0, 0xED, 0xFE, 0xFF];

    private static readonly byte[][] Words =
    [
        [0, 4, 0x4D, 0x51, 0x54, 0x54], [.. "$share/g/"u8], [.. "#"u8], [.. "/+/"u8], [.. "\uFEFF"u8], [0xED, 0xA0, 0x80], [0xFF, 0xFF, 0xFF, 0x7F],
        [0x80, 0x80, 0x80, 0x80], [0xFF, 0xFF], [0, 0], [0x26, 0, 1, 0x6E, 0, 1, 0x76], [0x0B, 1], [0x23, 0, 1], [0xC0, 0],
    ];

    /// <summary>A changed copy.</summary>
    /// <param name="input">What to change.</param>
    /// <param name="other">What to take pieces from.</param>
    public byte[] Mutate(byte[] input, byte[] other)
    {
        var bytes = new List<byte>(input);
        for (var n = 1 << random.Next(5); n > 0; n--)
        {
            Step(bytes, other);
        }

        if (bytes.Count > MaximumLength)
        {
            bytes.RemoveRange(MaximumLength, bytes.Count - MaximumLength);
        }

        var result = bytes.ToArray();
        return random.Next(4) == 0 ? result : WithLength(result);
    }

    /// <summary>The Remaining Length made to fit, else most inputs would only ask for more.</summary>
    private static byte[] WithLength(byte[] bytes)
    {
        if (bytes.Length < 2)
        {
            return bytes;
        }

        var old = 1;
        while (old < 4 && old < bytes.Length - 1 && (bytes[old] & 0x80) != 0)
        {
            old++;
        }

        var body = bytes.AsSpan(old + 1);
        var length = new byte[4];
        var count = VariableByteInteger.Write(length, body.Length);
        return [bytes[0], .. length[..count], .. body];
    }

    private void Step(List<byte> bytes, byte[] other)
    {
        var at = bytes.Count == 0 ? 0 : random.Next(bytes.Count);
        switch (bytes.Count == 0 ? 5 : random.Next(9))
        {
            case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case 1: bytes[at] = (byte)random.Next(256); break;
            case 2: bytes[at] = Edges[random.Next(Edges.Length)]; break;
            case 3: bytes[at] = (byte)(bytes[at] + random.Next(-4, 5)); break;
            case 4: bytes.RemoveRange(at, random.Next(1, Math.Min(8, bytes.Count - at) + 1)); break;
            case 5: bytes.InsertRange(at, Words[random.Next(Words.Length)]); break;
            case 6: Copy(bytes, at, [.. bytes]); break;
            case 7: Copy(bytes, at, other); break;
            default: bytes.InsertRange(at, Enumerable.Repeat(Edges[random.Next(Edges.Length)], random.Next(1, 20))); break;
        }
    }

    private void Copy(List<byte> bytes, int at, byte[] from)
    {
        if (from.Length > 0)
        {
            var start = random.Next(from.Length);
            bytes.InsertRange(at, from.AsSpan(start, random.Next(1, Math.Min(64, from.Length - start) + 1)).ToArray());
        }
    }
}
