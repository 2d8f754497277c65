using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Journal.Transactions;

namespace Telemetry.Streams.Journal.Topics;

/// <summary>Who appended records, and counts the bytes of those that are not answered yet.</summary>
internal interface IAppendOwner
{
    /// <summary>A record is answered, in either way.</summary>
    void Completed(int bytes);
}

/// <summary>Whom to tell about one appended record.</summary>
internal struct PendingAppend
{
    public IAppendOwner Producer;
    public JournalTransaction? Transaction;
    public IAppendCompletion? Completion;
    public ulong State;
    public long Offset;
    public int Bytes;
}

/// <summary>
/// Records laid out as they will be written: frames one after the other in one buffer. Filled under the topic's lock,
/// then owned by the writer.
/// </summary>
internal sealed class AppendChunk(int size, int partitions)
{
    // A reader that stops within a frame reads it again from its beginning: not too long.
    private const int FrameBytes = 32 << 10;

    private int _frameStart;
    private int _frameCount;
    private long _frameTransaction;
    private bool _frameOpen;

    public byte[] Buffer { get; } = new byte[size];

    public int Used { get; private set; }

    public PendingAppend[] Appends { get; private set; } = new PendingAppend[256];

    public int AppendCount { get; private set; }

    public long MaxTimestampMs { get; private set; } = long.MinValue;

    /// <summary>Ids of the transactions its records belong to.</summary>
    public IdRange Transactions { get; private set; } = IdRange.None;

    /// <summary>
    /// Offset behind the last record of each partition in this chunk; 0 where it has none. Offsets whose append failed are
    /// never counted, so that an end is always where a start would find it.
    /// </summary>
    public long[] NextOffsets { get; } = new long[partitions];

    public bool Fits(int recordLength) =>
        FrameFormat.Align(Used) + FrameFormat.Align(FrameFormat.HeaderSize + recordLength) <= Buffer.Length;

    public Span<byte> Reserve(int recordLength, long transaction)
    {
        if (transaction != 0)
        {
            Transactions = Transactions.With(transaction);
        }

        if (_frameOpen && (_frameTransaction != transaction || Used - _frameStart >= FrameBytes))
        {
            CloseFrame();
        }

        if (!_frameOpen)
        {
            _frameStart = Used;
            _frameTransaction = transaction;
            _frameCount = 0;
            _frameOpen = true;
            Used += FrameFormat.HeaderSize;
        }

        var start = Used;
        Used += recordLength;
        _frameCount++;
        return Buffer.AsSpan(start, recordLength);
    }

    public void Add(in PendingAppend append, int partition, long timestampMs)
    {
        if (AppendCount == Appends.Length)
        {
            var grown = new PendingAppend[Appends.Length * 2];
            Appends.CopyTo(grown, 0);
            Appends = grown;
        }

        Appends[AppendCount++] = append;
        Note(partition, append.Offset, timestampMs);
    }

    public void Note(int partition, long offset, long timestampMs)
    {
        NextOffsets[partition] = offset + 1;
        MaxTimestampMs = Math.Max(MaxTimestampMs, timestampMs);
    }

    /// <summary>Raises ends to those behind this chunk.</summary>
    public void AdvanceTo(Span<long> nextOffsets)
    {
        for (var i = 0; i < NextOffsets.Length; i++)
        {
            nextOffsets[i] = Math.Max(nextOffsets[i], NextOffsets[i]);
        }
    }

    /// <summary>Nothing more comes into it.</summary>
    public void Close() => CloseFrame();

    /// <summary>Gives each frame its place and its checksum.</summary>
    public void Seal(long segment, long position, long durableThrough)
    {
        for (var at = 0; at < Used;)
        {
            var length = FrameFormat.DraftLength(Buffer.AsSpan(at));
            FrameFormat.Seal(Buffer.AsSpan(at, length), segment, position + at, durableThrough);
            at += length;
        }
    }

    public void Reset()
    {
        Array.Clear(Appends, 0, AppendCount);
        AppendCount = 0;
        Used = 0;
        MaxTimestampMs = long.MinValue;
        Transactions = IdRange.None;
        Array.Clear(NextOffsets);
        _frameOpen = false;
    }

    private void CloseFrame()
    {
        if (!_frameOpen)
        {
            return;
        }

        var end = FrameFormat.Align(Used);
        Buffer.AsSpan(Used, end - Used).Clear();
        Used = end;
        FrameFormat.WriteDraft(Buffer.AsSpan(_frameStart), end - _frameStart, _frameCount, _frameTransaction);
        _frameOpen = false;
    }
}
