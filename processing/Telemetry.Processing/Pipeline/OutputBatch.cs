using System.Buffers;
using Google.Protobuf;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Processing.Pipeline;

/// <summary>Records to append with the next commit, in order. Reused.</summary>
internal sealed class OutputBatch
{
    private readonly ArrayBufferWriter<byte> _bytes = new(4096);
    private readonly List<Entry> _entries = [];

    public int Count => _entries.Count;

    public int Bytes => _bytes.WrittenCount;

    /// <summary>Adds a framed Protobuf value.</summary>
    public void Add(string topic, ReadOnlySpan<byte> key, int schemaId, IMessage message, long timestampMs)
    {
        var start = _bytes.WrittenCount;
        _bytes.Write(key);
        var size = message.CalculateSize();
        var span = _bytes.GetSpan(ConfluentFrame.HeaderBytes + size);
        ConfluentFrame.WriteHeader(span, schemaId);
        message.WriteTo(span.Slice(ConfluentFrame.HeaderBytes, size));
        _bytes.Advance(ConfluentFrame.HeaderBytes + size);
        _entries.Add(new Entry(topic, start, start + key.Length, _bytes.WrittenCount, timestampMs, null));
    }

    /// <summary>Adds a record as it is; an empty value deletes the key of a compacted topic.</summary>
    public void Add(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestampMs, RecordHeaders? headers = null)
    {
        var start = _bytes.WrittenCount;
        _bytes.Write(key);
        _bytes.Write(value);
        _entries.Add(new Entry(topic, start, start + key.Length, _bytes.WrittenCount, timestampMs, headers));
    }

    /// <summary>Headers of a record, for tests and for looking at.</summary>
    public RecordHeaders HeadersOf(int index) => _entries[index].Headers ?? RecordHeaders.Empty;

    public async ValueTask AppendAsync(IRecordProducer producer, CancellationToken cancellationToken)
    {
        foreach (var entry in _entries)
        {
            while (!TryAppend(producer, entry))
            {
                await producer.WaitForCapacityAsync(cancellationToken);
            }
        }
    }

    public void Clear()
    {
        _bytes.ResetWrittenCount();
        _entries.Clear();
    }

    /// <summary>What is in it, for tests and for looking at.</summary>
    public void Get(int index, out string topic, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        var entry = _entries[index];
        topic = entry.Topic;
        key = _bytes.WrittenSpan[entry.Start..entry.Value];
        value = _bytes.WrittenSpan[entry.Value..entry.End];
    }

    private bool TryAppend(IRecordProducer producer, in Entry entry) => producer.TryAppend(
        new NewRecord
        {
            Topic = entry.Topic,
            Key = _bytes.WrittenSpan[entry.Start..entry.Value],
            Value = _bytes.WrittenSpan[entry.Value..entry.End],
            TimestampMs = entry.TimestampMs,
            Headers = entry.Headers,
        },
        null,
        0);

    private readonly record struct Entry(string Topic, int Start, int Value, int End, long TimestampMs, RecordHeaders? Headers);
}
