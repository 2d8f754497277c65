using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Series;

/// <summary>
/// Which words of eight bytes of a flat block changed: one bit a word, the first word in the lowest bit. A block is a whole number of words.
/// Also writes and reads those words.
/// </summary>
/// <param name="masks">The bits.</param>
internal readonly ref struct ChangedWords(Span<ulong> masks)
{
    private const int WordBytes = sizeof(ulong);
    private const int WordsPerMask = 64;

    private readonly Span<ulong> _masks = masks;

    /// <summary>Words of 64 bits that a block of so many bytes needs for its bits.</summary>
    public static int MasksOf(int blockBytes) => ((blockBytes / WordBytes) + WordsPerMask - 1) / WordsPerMask;

    /// <summary>Words of a block that are not zero.</summary>
    public static int WordsInUse(ReadOnlySpan<byte> block)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(block);
        return words.Length - words.Count(0UL);
    }

    /// <summary>Number of words that changed.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            foreach (var mask in _masks)
            {
                count += BitOperations.PopCount(mask);
            }

            return count;
        }
    }

    /// <summary>Marks the first words of the block.</summary>
    public void MarkFirst(int words)
    {
        for (var word = 0; word < words; word++)
        {
            _masks[word / WordsPerMask] |= 1UL << word;
        }
    }

    /// <summary>Marks the words in which two states of the block differ.</summary>
    public void MarkDifferent(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        var old = MemoryMarshal.Cast<byte, ulong>(before);
        var now = MemoryMarshal.Cast<byte, ulong>(after);
        ArgumentOutOfRangeException.ThrowIfNotEqual(old.Length, now.Length);
        ref var first = ref MemoryMarshal.GetReference(old);
        ref var second = ref MemoryMarshal.GetReference(now);
        for (var word = 0; word < now.Length; word += WordsPerMask)
        {
            ref var mask = ref _masks[word / WordsPerMask];
            mask |= now.Length - word >= WordsPerMask
                ? Different(ref Unsafe.Add(ref first, word), ref Unsafe.Add(ref second, word))
                : Different(old[word..], now[word..]);
        }
    }

    /// <summary>Which of 64 words differ. Once a reading, over all of its series' state: most of it is alike, sixteen words at a time.</summary>
    private static ulong Different(ref ulong old, ref ulong now)
    {
        var mask = 0UL;
        for (var word = 0; word < WordsPerMask; word += 4 * Vector256<ulong>.Count)
        {
            var a = Vector256.LoadUnsafe(ref old, (nuint)word) ^ Vector256.LoadUnsafe(ref now, (nuint)word);
            var b = Vector256.LoadUnsafe(ref old, (nuint)word + 4) ^ Vector256.LoadUnsafe(ref now, (nuint)word + 4);
            var c = Vector256.LoadUnsafe(ref old, (nuint)word + 8) ^ Vector256.LoadUnsafe(ref now, (nuint)word + 8);
            var d = Vector256.LoadUnsafe(ref old, (nuint)word + 12) ^ Vector256.LoadUnsafe(ref now, (nuint)word + 12);
            if (((a | b) | (c | d)) == Vector256<ulong>.Zero)
            {
                continue;
            }

            mask |= (Bits(a) | (Bits(b) << 4) | (Bits(c) << 8) | (Bits(d) << 12)) << word;
        }

        return mask;
    }

    private static ulong Bits(Vector256<ulong> difference) =>
        ~Vector256.Equals(difference, Vector256<ulong>.Zero).ExtractMostSignificantBits() & 0xFUL;

    private static ulong Different(ReadOnlySpan<ulong> old, ReadOnlySpan<ulong> now)
    {
        var mask = 0UL;
        for (var word = 0; word < now.Length; word++)
        {
            mask |= old[word] == now[word] ? 0 : 1UL << word;
        }

        return mask;
    }

    /// <summary>Writes the bits, and to another writer the words.</summary>
    public void Write(StateWriter bits, StateWriter words, ReadOnlySpan<byte> block)
    {
        foreach (var mask in _masks)
        {
            bits.Fixed64(mask);
        }

        var all = MemoryMarshal.Cast<byte, ulong>(block);
        for (var word = 0; word < all.Length; word++)
        {
            if ((_masks[word / WordsPerMask] & (1UL << word)) != 0)
            {
                words.Fixed64(all[word]);
            }
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote, into the block, and marks it.</summary>
    public void Read(ref StateReader bits, ref StateReader words, Span<byte> block)
    {
        for (var m = 0; m < _masks.Length; m++)
        {
            _masks[m] |= bits.Fixed64();
        }

        var all = MemoryMarshal.Cast<byte, ulong>(block);
        for (var word = 0; word < all.Length; word++)
        {
            if ((_masks[word / WordsPerMask] & (1UL << word)) != 0)
            {
                all[word] = words.Fixed64();
            }
        }
    }

    /// <summary>Passes over what <see cref="Write"/> wrote of a block of so many bytes.</summary>
    public static void Skip(ref StateReader bits, ref StateReader words, int blockBytes)
    {
        for (var left = MasksOf(blockBytes); left > 0; left--)
        {
            words.Raw(WordBytes * BitOperations.PopCount(bits.Fixed64()));
        }
    }
}
