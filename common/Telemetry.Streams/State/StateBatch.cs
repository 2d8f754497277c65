namespace Telemetry.Streams.State;

/// <summary>Entries for the state topic, in the order in which they must be appended. Reused from commit to commit.</summary>
public sealed class StateBatch
{
    private readonly StateWriter _bytes = new();
    private readonly List<(int Key, int Value, int End)> _entries = [];

    /// <summary>Number of entries.</summary>
    public int Count => _entries.Count;

    /// <summary>Bytes of keys and values.</summary>
    public int Bytes => _bytes.Length;

    /// <summary>Key and value of an entry; an empty value is a tombstone.</summary>
    public void Get(int index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        var (keyStart, valueStart, end) = _entries[index];
        key = _bytes.WrittenSpan[keyStart..valueStart];
        value = _bytes.WrittenSpan[valueStart..end];
    }

    /// <summary>
    /// Appends all entries to one partition of the state topic. With a transactional producer they become visible with the
    /// offsets of the same transaction. With any other one, call it only after the offset the entries were collected for is
    /// durable, and flush; a batch that failed must be appended again or the table be restored.
    /// </summary>
    /// <exception cref="RecordLogException">As <see cref="IRecordProducer.TryAppend"/>.</exception>
    public async ValueTask AppendAsync(
        IRecordProducer producer, string topic, int partition, long timestampMs, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _entries.Count; i++)
        {
            while (!TryAppend(producer, topic, partition, timestampMs, i))
            {
                await producer.WaitForCapacityAsync(cancellationToken);
            }
        }
    }

    /// <summary>Forgets the entries and keeps the memory.</summary>
    public void Clear()
    {
        _bytes.Clear();
        _entries.Clear();
    }

    internal StateWriter Begin(ReadOnlySpan<byte> key)
    {
        var start = _bytes.Length;
        _bytes.Raw(key);
        _entries.Add((start, _bytes.Length, _bytes.Length));
        return _bytes;
    }

    internal void End() => _entries[^1] = _entries[^1] with { End = _bytes.Length };

    private bool TryAppend(IRecordProducer producer, string topic, int partition, long timestampMs, int index)
    {
        Get(index, out var key, out var value);
        return producer.TryAppend(
            new NewRecord { Topic = topic, Partition = partition, Key = key, Value = value, TimestampMs = timestampMs }, null, 0);
    }
}
