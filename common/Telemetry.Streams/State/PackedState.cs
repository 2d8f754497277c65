using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Telemetry.Streams.State;

/// <summary>
/// Packs a state of two parts: bytes of any kind, and flat memory in words of eight bytes. Both are compressed with Brotli (RFC 7932). Words of rows of one
/// layout are put in columns before: the first words of all rows, then the second ones and so on, as what is equal in all rows then stands together. Where this
/// leaves more than a quarter of the bytes, the words are tried turned as well, all their first bytes first, then all second ones and so on (Blosc's
/// shuffle), which suits numbers that differ in their lower bytes; what is shorter is kept. Equal parts give equal bytes. Keeps its memory; not safe for concurrent use.
/// </summary>
public sealed class PackedState
{
    private const int WordBytes = 8;
    private const int Quality = 5;
    private const int WindowBitsMin = 10;
    private const int WindowBitsMax = 18;

    /// <summary>The words are turned only where they would otherwise keep more than one byte of so many.</summary>
    private const int TurnedBeyond = 4;

    private const byte Plain = 0;
    private const byte Turned = 1;
    private const byte InColumns = 2;

    /// <summary>Most bytes of each part before packing; a larger number is damage.</summary>
    private const int BytesMax = 512 << 20;

    private byte[] _raw = [];
    private byte[] _turned = [];

    /// <summary>Appends both parts: their lengths, the order of the words, words of a row where they are in columns, then the compressed bytes up to the end.</summary>
    /// <param name="head">Bytes of any kind.</param>
    /// <param name="words">A whole number of words.</param>
    /// <param name="writer">Where they go.</param>
    /// <param name="rowWords">Words of a row, where all rows are of one layout; 0: they are not.</param>
    public void Write(ReadOnlySpan<byte> head, ReadOnlySpan<byte> words, StateWriter writer, int rowWords = 0)
    {
        var length = head.Length + words.Length;
        var hasRows = rowWords > 0 && words.Length > rowWords * WordBytes && words.Length % (rowWords * WordBytes) == 0;
        var most = BrotliEncoder.GetMaxCompressedLength(length);
        Reserve(ref _raw, length);
        var (plain, turned) = (ArrayPool<byte>.Shared.Rent(most), ArrayPool<byte>.Shared.Rent(most));
        try
        {
            head.CopyTo(_raw);
            if (hasRows)
            {
                Transpose(words, _raw.AsSpan(head.Length, words.Length), rowWords);
            }
            else
            {
                words.CopyTo(_raw.AsSpan(head.Length));
            }

            var plainBytes = Compress(_raw.AsSpan(0, length), plain);
            var turnedBytes = int.MaxValue;
            if (plainBytes > length / TurnedBeyond)
            {
                Turn(words, _raw.AsSpan(head.Length, words.Length));
                turnedBytes = Compress(_raw.AsSpan(0, length), turned);
            }

            writer.Varint((ulong)head.Length);
            writer.Varint((ulong)words.Length);
            if (turnedBytes < plainBytes)
            {
                writer.Byte(Turned);
                writer.Raw(turned.AsSpan(0, turnedBytes));
                return;
            }

            writer.Byte(hasRows ? InColumns : Plain);
            if (hasRows)
            {
                writer.Varint((ulong)rowWords);
            }

            writer.Raw(plain.AsSpan(0, plainBytes));
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
        if (headLength > BytesMax || wordsLength > BytesMax || wordsLength % WordBytes != 0 || form > InColumns)
        {
            throw BadBeginning();
        }

        var rowWords = form == InColumns ? reader.Varint() : 0;
        if (form == InColumns && (rowWords == 0 || rowWords > wordsLength / WordBytes || wordsLength / WordBytes % rowWords != 0))
        {
            throw BadBeginning();
        }

        var (first, second) = ((int)headLength, (int)wordsLength);
        Reserve(ref _raw, first + second);
        if (!BrotliDecoder.TryDecompress(reader.Raw(reader.Rest.Length), _raw.AsSpan(0, first + second), out var written) || written != first + second)
        {
            throw new FormatException("A packed state is damaged.");
        }

        head = new StateReader(_raw.AsSpan(0, first));
        words = new StateReader(_raw.AsSpan(first, second));
        if (form == Plain)
        {
            return;
        }

        Reserve(ref _turned, second);
        if (form == Turned)
        {
            TurnBack(_raw.AsSpan(first, second), _turned.AsSpan(0, second));
        }
        else
        {
            // The columns are the rows of this way back.
            Transpose(_raw.AsSpan(first, second), _turned.AsSpan(0, second), second / WordBytes / (int)rowWords);
        }

        words = new StateReader(_turned.AsSpan(0, second));
    }

    private static FormatException BadBeginning() => new("The beginning of a packed state is damaged.");

    /// <summary>A window no larger than the bytes: the tables that the compressor makes for each state are the smaller for it.</summary>
    private static int WindowOf(int length) => Math.Clamp(BitOperations.Log2((uint)length) + 1, WindowBitsMin, WindowBitsMax);

    private static int Compress(ReadOnlySpan<byte> bytes, Span<byte> to) => BrotliEncoder.TryCompress(bytes, to, out var written, Quality, WindowOf(bytes.Length))
        ? written
        : throw new InvalidOperationException($"A state of {bytes.Length} bytes could not be compressed.");

    /// <summary>All first bytes of the words, then all second ones, and so on.</summary>
    private static void Turn(ReadOnlySpan<byte> words, Span<byte> columns)
    {
        var count = words.Length / WordBytes;
        for (var word = 0; word < count; word++)
        {
            var bytes = BinaryPrimitives.ReadUInt64LittleEndian(words[(word * WordBytes)..]);
            for (var at = word; at < columns.Length; at += count)
            {
                columns[at] = (byte)bytes;
                bytes >>= 8;
            }
        }
    }

    /// <summary>Undoes <see cref="Turn"/>, a word at a time: a restart does this to all state there is.</summary>
    private static void TurnBack(ReadOnlySpan<byte> columns, Span<byte> words)
    {
        var count = words.Length / WordBytes;
        for (var word = 0; word < count; word++)
        {
            var bytes = 0UL;
            for (var (at, shift) = (word, 0); at < columns.Length; at += count)
            {
                bytes |= (ulong)columns[at] << shift;
                shift += 8;
            }

            BinaryPrimitives.WriteUInt64LittleEndian(words[(word * WordBytes)..], bytes);
        }
    }

    /// <summary>Makes columns of rows.</summary>
    private static void Transpose(ReadOnlySpan<byte> rows, Span<byte> columns, int rowWords)
    {
        var from = MemoryMarshal.Cast<byte, ulong>(rows);
        var to = MemoryMarshal.Cast<byte, ulong>(columns);
        var at = 0;
        for (var word = 0; word < rowWords; word++)
        {
            for (var place = word; place < from.Length; place += rowWords)
            {
                to[at++] = from[place];
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
