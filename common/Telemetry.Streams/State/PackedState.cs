using System.Buffers;
using System.IO.Compression;

namespace Telemetry.Streams.State;

/// <summary>
/// Packs a state of two parts: bytes of any kind, and flat memory in words of eight bytes. Both are compressed with Brotli (RFC 7932), as they are
/// and with the words turned, so that all their first bytes come first, then all second ones and so on (Blosc's shuffle): the first suits numbers that
/// come again, the second numbers that differ in their lower bytes. What is shorter is kept. Equal parts give equal bytes. Keeps its memory; not
/// safe for concurrent use.
/// </summary>
public sealed class PackedState
{
    private const int WordBytes = 8;
    private const int Quality = 5;
    private const int WindowBits = 18;
    private const byte Plain = 0;
    private const byte Turned = 1;

    /// <summary>Most bytes of each part before packing; a larger number is damage.</summary>
    private const int BytesMax = 512 << 20;

    private byte[] _raw = [];
    private byte[] _turned = [];

    /// <summary>Appends both parts: their lengths, whether the words are turned, then the compressed bytes up to the end.</summary>
    /// <param name="head">Bytes of any kind.</param>
    /// <param name="words">A whole number of words.</param>
    /// <param name="writer">Where they go.</param>
    public void Write(ReadOnlySpan<byte> head, ReadOnlySpan<byte> words, StateWriter writer)
    {
        var length = head.Length + words.Length;
        var most = BrotliEncoder.GetMaxCompressedLength(length);
        Reserve(ref _raw, length);
        var (plain, turned) = (ArrayPool<byte>.Shared.Rent(most), ArrayPool<byte>.Shared.Rent(most));
        try
        {
            head.CopyTo(_raw);
            words.CopyTo(_raw.AsSpan(head.Length));
            var plainBytes = Compress(_raw.AsSpan(0, length), plain);
            Turn(words, _raw.AsSpan(head.Length, words.Length), words.Length / WordBytes, WordBytes);
            var turnedBytes = Compress(_raw.AsSpan(0, length), turned);
            writer.Varint((ulong)head.Length);
            writer.Varint((ulong)words.Length);
            writer.Byte(turnedBytes < plainBytes ? Turned : Plain);
            writer.Raw(turnedBytes < plainBytes ? turned.AsSpan(0, turnedBytes) : plain.AsSpan(0, plainBytes));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plain);
            ArrayPool<byte>.Shared.Return(turned);
        }
    }

    /// <summary>Reads both parts; they stay valid until the next call.</summary>
    /// <param name="reader">Stands on what <see cref="Write"/> wrote, which is all that is left.</param>
    /// <param name="head">The first part.</param>
    /// <param name="words">The second part.</param>
    /// <exception cref="FormatException">The bytes are not such a state.</exception>
    public void Read(ref StateReader reader, out StateReader head, out StateReader words)
    {
        var (headLength, wordsLength, form) = (reader.Varint(), reader.Varint(), reader.Byte());
        if (headLength > BytesMax || wordsLength > BytesMax || wordsLength % WordBytes != 0 || form > Turned)
        {
            throw new FormatException("The beginning of a packed state is damaged.");
        }

        var (first, second) = ((int)headLength, (int)wordsLength);
        Reserve(ref _raw, first + second);
        if (!BrotliDecoder.TryDecompress(reader.Raw(reader.Rest.Length), _raw.AsSpan(0, first + second), out var written) || written != first + second)
        {
            throw new FormatException("A packed state is damaged.");
        }

        head = new StateReader(_raw.AsSpan(0, first));
        words = new StateReader(_raw.AsSpan(first, second));
        if (form == Turned)
        {
            Reserve(ref _turned, second);
            Turn(_raw.AsSpan(first, second), _turned.AsSpan(0, second), WordBytes, second / WordBytes);
            words = new StateReader(_turned.AsSpan(0, second));
        }
    }

    private static int Compress(ReadOnlySpan<byte> bytes, Span<byte> to) => BrotliEncoder.TryCompress(bytes, to, out var written, Quality, WindowBits)
        ? written
        : throw new InvalidOperationException($"A state of {bytes.Length} bytes could not be compressed.");

    /// <summary>Transposes a matrix of bytes.</summary>
    private static void Turn(ReadOnlySpan<byte> from, Span<byte> to, int rows, int columns)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                to[(column * rows) + row] = from[(row * columns) + column];
            }
        }
    }

    private static void Reserve(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = new byte[Math.Max(length, Math.Min(2 * buffer.Length, BytesMax))];
        }
    }
}
