using System.Buffers;
using System.Diagnostics;
using Telemetry.Streams;

namespace Telemetry.Processing.Pipeline;

/// <summary>Records of one partition out of one poll, copied, because a consumer's memory is valid until its next poll only.</summary>
internal sealed class RecordBlock
{
    private readonly List<Entry> _entries = [];
    private readonly string _topic;
    private readonly int _partition;
    private List<(int Index, ActivityContext Publish)>? _traced;
    private Dictionary<int, RecordHeaders>? _headers;
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(16 << 10);
    private int _length;

    public RecordBlock(TopicPartition partition) => (_topic, _partition) = (partition.Topic, partition.Partition);

    public int Count => _entries.Count;

    public LogRecord this[int index]
    {
        get
        {
            var entry = _entries[index];
            return new LogRecord(
                _topic,
                _partition,
                entry.Offset,
                entry.TimestampMs,
                ReadOnlyMemory<byte>.Empty,
                _bytes.AsMemory(entry.Start, entry.Length),
                _headers?.GetValueOrDefault(index) ?? RecordHeaders.Empty);
        }
    }

    public void Add(in LogRecord record)
    {
        var length = record.Value.Length;
        if (_bytes.Length - _length < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, _length + length));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        record.Value.Span.CopyTo(_bytes.AsSpan(_length));
        if (TraceContext.TryRead(record.Headers, out var publish) && ProcessingTraces.Source.HasListeners())
        {
            (_traced ??= []).Add((_entries.Count, publish));
        }

        if (length == 0 && record.Headers.Count > 0)
        {
            (_headers ??= []).Add(_entries.Count, Copy(record.Headers));
        }

        _entries.Add(new Entry(record.Offset, record.TimestampMs, _length, length));
        _length += length;
    }

    /// <summary>The traced records of the block in their order, and the contexts of their publishes; null when there is none.</summary>
    public IReadOnlyList<(int Index, ActivityContext Publish)>? Traced => _traced;

    /// <summary>What a record without a value says is in its headers.</summary>
    private static RecordHeaders Copy(RecordHeaders headers)
    {
        var copies = new KeyValuePair<string, ReadOnlyMemory<byte>>[headers.Count];
        for (var i = 0; i < copies.Length; i++)
        {
            copies[i] = KeyValuePair.Create(headers[i].Key, (ReadOnlyMemory<byte>)headers[i].Value.ToArray());
        }

        return new RecordHeaders(copies);
    }

    /// <summary>Gives the memory back; the block must not be used any more.</summary>
    public void Return()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _entries.Clear();
        _traced = null;
        _headers = null;
    }

    private readonly record struct Entry(long Offset, long TimestampMs, int Start, int Length);
}
