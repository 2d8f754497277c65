using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Maintenance;

/// <summary>Collects what compaction keeps in frames of an ordinary segment file.</summary>
internal sealed class CompactionOutput
{
    private readonly IJournalFile _file;
    private readonly long _first;
    private readonly long[] _baseOffsets;
    private readonly long[] _next;
    private readonly ChunkPool _chunks;
    private readonly SegmentIndex _index = new();
    private AppendChunk? _chunk;
    private long _maxTimestampMs = long.MinValue;

    public CompactionOutput(IJournalFile file, long first, long[] baseOffsets, ChunkPool chunks)
    {
        (_file, _first, _baseOffsets, _chunks) = (file, first, baseOffsets, chunks);
        _next = [.. baseOffsets];
        var start = Segment.StartFrame(first, baseOffsets);
        file.SetLength(0);
        file.Write(0, start);
        Length = start.Length;
    }

    public long Length { get; private set; }

    /// <summary>What is kept is committed, so it needs no transaction any more.</summary>
    public void Add(in RecordView record, ReadOnlySpan<byte> bytes)
    {
        if (_chunk is not null && !_chunk.Fits(bytes.Length))
        {
            Flush();
        }

        _chunk ??= _chunks.Rent(FrameFormat.Align(bytes.Length + FrameFormat.HeaderSize));
        bytes.CopyTo(_chunk.Reserve(bytes.Length, 0));
        _chunk.Note(record.Partition, record.Offset, record.TimestampMs);
    }

    public void Flush()
    {
        if (_chunk is null)
        {
            return;
        }

        _index.Offer(Length, _maxTimestampMs, _next);
        _chunk.Close();
        _chunk.AdvanceTo(_next);
        _chunk.Seal(_first, Length, Length);
        _file.Write(Length, _chunk.Buffer.AsMemory(0, _chunk.Used));
        Length += _chunk.Used;
        _maxTimestampMs = Math.Max(_maxTimestampMs, _chunk.MaxTimestampMs);
        _chunks.Return(_chunk);
        _chunk = null;
    }

    public Segment ToSegment(long first, long number, string path, IJournalFile file)
    {
        var segment = new Segment(first, number, path, file, _baseOffsets)
        {
            Length = Length,
            MaxTimestampMs = _maxTimestampMs,
            Cleaned = true,
        };
        segment.Index.Load(_index.Rows());
        return segment;
    }
}
