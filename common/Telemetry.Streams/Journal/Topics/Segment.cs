using System.Buffers.Binary;
using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Journal.Transactions;

namespace Telemetry.Streams.Journal.Topics;

/// <summary>
/// One file of a topic. It begins with a frame that holds the next offset of every partition. The checksums in it start from <see cref="First"/>. <see cref="First"/> and <see cref="Number"/> differ when compaction merged several into one.
/// </summary>
internal sealed class Segment(long first, long number, string path, IJournalFile file, long[] baseOffsets) : IDisposable
{
    private readonly Lock _gate = new();
    private IdRange _transactions = IdRange.None;
    private long _length;
    private long _maxTimestampMs = long.MinValue;
    private volatile bool _retired;

    public long First { get; } = first;

    public long Number { get; } = number;

    public string Path { get; } = path;

    public IJournalFile File { get; } = file;

    /// <summary>Next offset of each partition when the segment began.</summary>
    public long[] BaseOffsets { get; } = baseOffsets;

    public SegmentIndex Index { get; } = new();

    /// <summary>Bytes that are durable.</summary>
    public long Length
    {
        get => Volatile.Read(ref _length);
        set => Volatile.Write(ref _length, value);
    }

    public long MaxTimestampMs
    {
        get => Volatile.Read(ref _maxTimestampMs);
        set => Volatile.Write(ref _maxTimestampMs, value);
    }

    /// <summary>
    /// Ids of transactions with records in here lie within this range; it is empty (first above last) when there are none.
    /// Set by the writer before what it describes is durable.
    /// </summary>
    public IdRange Transactions
    {
        get
        {
            lock (_gate)
            {
                return _transactions;
            }
        }
        set
        {
            lock (_gate)
            {
                _transactions = value;
            }
        }
    }

    /// <summary>When it was begun; it is closed at a certain age.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>True when compaction has been over it since the log was opened.</summary>
    public bool Cleaned { get; init; }

    /// <summary>True once retention or compaction took it away; readers look for their place again.</summary>
    public bool Retired => _retired;

    public void Retire()
    {
        _retired = true;
        File.Dispose();
    }

    public void Dispose() => File.Dispose();

    public static string NameOf(long first, long number) =>
        first == number ? $"{number:D12}.log" : $"{first:D12}-{number:D12}.log";

    public static bool TryParseName(string name, out long first, out long number)
    {
        first = number = 0;
        if (!name.EndsWith(".log", StringComparison.Ordinal))
        {
            return false;
        }

        var stem = name.AsSpan(0, name.Length - 4);
        var dash = stem.IndexOf('-');
        return dash < 0
            ? long.TryParse(stem, out number) && (first = number) > 0
            : long.TryParse(stem[..dash], out first) && long.TryParse(stem[(dash + 1)..], out number) && first > 0;
    }

    public static int StartFrameLength(int partitions) =>
        FrameFormat.Align(FrameFormat.HeaderSize + (partitions * sizeof(long)));

    public static byte[] StartFrame(long number, ReadOnlySpan<long> nextOffsets)
    {
        var frame = new byte[StartFrameLength(nextOffsets.Length)];
        FrameFormat.WriteDraft(frame, frame.Length, 0, FrameFormat.SegmentStart);
        for (var i = 0; i < nextOffsets.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(
                frame.AsSpan(FrameFormat.HeaderSize + (i * sizeof(long))), nextOffsets[i]);
        }

        FrameFormat.Seal(frame, number, 0, 0);
        return frame;
    }

    public static long[] ReadStartFrame(ReadOnlySpan<byte> frame, int partitions)
    {
        var offsets = new long[partitions];
        for (var i = 0; i < partitions; i++)
        {
            offsets[i] = BinaryPrimitives.ReadInt64LittleEndian(
                frame[(FrameFormat.HeaderSize + (i * sizeof(long)))..]);
        }

        return offsets;
    }

    /// <summary>A new, durable segment with its first frame. Leaves nothing behind when the disk is full.</summary>
    public static Segment Create(
        IJournalFiles files, string directory, long number, ReadOnlySpan<long> nextOffsets, DateTimeOffset now)
    {
        var path = System.IO.Path.Combine(directory, NameOf(number, number));
        var file = files.Open(path);
        try
        {
            var start = StartFrame(number, nextOffsets);
            file.SetLength(0);
            file.Write(0, start);
            DiskErrors.Sync(file, path);
            DiskErrors.SyncDirectory(files, directory);
            return new Segment(number, number, path, file, nextOffsets.ToArray())
            {
                Length = start.Length,
                CreatedAt = now,
            };
        }
        catch (IOException)
        {
            // Durably gone: a start that found it would take the segment before it for closed, and it goes on instead.
            file.Dispose();
            files.Delete(path);
            DiskErrors.SyncDirectory(files, directory);
            throw;
        }
    }
}
