using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Partitioning;

namespace Telemetry.Streams.Journal.Topics;

/// <summary>Reads a topic, and sleeps while there is nothing to read.</summary>
internal interface ITopicReader
{
    /// <summary>There may be more to read now. Any thread.</summary>
    void Wake();
}

/// <summary>One topic: where appends wait for the writer, and what readers may see.</summary>
internal sealed class JournalTopic : IDisposable
{
    // Guarded by _gate: the append side.
    private readonly Lock _gate = new();
    private readonly long[] _nextOffsets;
    private readonly ChunkPool _chunks;
    private List<AppendChunk> _pending = [];
    private List<AppendChunk> _spare = [];
    private AppendChunk? _current;
    private int _keyless;
    private RecordLogException? _closed;

    // Swapped by the writer and by maintenance (under _segmentGate), read by everyone.
    private readonly Lock _segmentGate = new();
    private volatile Segment[] _segments;
    private volatile ITopicReader[] _readers = [];

    public JournalTopic(TopicSpec spec, string directory, Segment[] segments, long[] nextOffsets)
    {
        Spec = spec;
        Directory = directory;
        _segments = segments;
        _nextOffsets = nextOffsets;
        _chunks = new ChunkPool(spec.Partitions);
        Partitions = new PartitionState[spec.Partitions];
        for (var i = 0; i < Partitions.Length; i++)
        {
            Partitions[i] = new PartitionState();
            Partitions[i].Advance(nextOffsets[i]);
        }
    }

    public TopicSpec Spec { get; set; }

    public string Name => Spec.Name;

    public string Directory { get; }

    public PartitionState[] Partitions { get; }

    public Segment[] Segments => _segments;

    public Segment Active => _segments[^1];

    public ChunkPool Chunks => _chunks;

    public long Low(int partition) => _segments[0].BaseOffsets[partition];

    public long SizeBytes
    {
        get
        {
            var total = 0L;
            foreach (var segment in _segments)
            {
                total += segment.Length;
            }

            return total;
        }
    }

    /// <summary>Copies the record behind what is pending. The writer must be signalled afterwards.</summary>
    public void Append(
        in NewRecord record, int headersLength, int length, IAppendOwner producer, JournalTransaction? transaction,
        IAppendCompletion? completion, ulong state)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                throw _closed;
            }

            var partition = record.Partition ?? PartitionOf(record.Key);
            if (transaction is not null && transaction.Partitions.Add((this, partition)))
            {
                Partitions[partition].Opened(transaction, _nextOffsets[partition]);
            }

            if (_current is null || !_current.Fits(length))
            {
                CloseCurrent();
                _current = _chunks.Rent(FrameFormat.Align(length + FrameFormat.HeaderSize));
            }

            var offset = _nextOffsets[partition]++;
            RecordFormat.Write(
                _current.Reserve(length, transaction?.Id ?? 0), record, partition, offset, headersLength);
            _current.Add(
                new PendingAppend
                {
                    Producer = producer,
                    Transaction = transaction,
                    Completion = completion,
                    State = state,
                    Offset = offset,
                    Bytes = length,
                },
                partition,
                record.TimestampMs);
        }
    }

    /// <summary>Takes all that is pending; the list is valid until the next call.</summary>
    public List<AppendChunk> TakePending()
    {
        lock (_gate)
        {
            CloseCurrent();
            (_pending, _spare) = (_spare, _pending);
            _pending.Clear();
            return _spare;
        }
    }

    /// <summary>Takes what is pending and lets nothing in any more.</summary>
    public List<AppendChunk> Close(RecordLogException reason)
    {
        lock (_gate)
        {
            _closed = reason;
        }

        return TakePending();
    }

    /// <summary>Lets readers see what the writer has made durable.</summary>
    public void PublishHigh(ReadOnlySpan<long> nextOffsets)
    {
        lock (_gate)
        {
            for (var i = 0; i < Partitions.Length; i++)
            {
                Partitions[i].Advance(nextOffsets[i]);
            }
        }
    }

    public void TransactionEnded(JournalTransaction transaction, int partition)
    {
        lock (_gate)
        {
            Partitions[partition].Ended(transaction);
        }
    }

    /// <summary>Changes the list of segments in one step.</summary>
    public void ChangeSegments(Func<Segment[], Segment[]> change)
    {
        lock (_segmentGate)
        {
            _segments = change(_segments);
        }
    }

    public void AddReader(ITopicReader reader)
    {
        lock (_segmentGate)
        {
            if (!_readers.Contains(reader))
            {
                _readers = [.. _readers, reader];
            }
        }
    }

    public void RemoveReader(ITopicReader reader)
    {
        lock (_segmentGate)
        {
            _readers = [.. _readers.Where(other => other != reader)];
        }
    }

    public void WakeReaders()
    {
        foreach (var reader in _readers)
        {
            reader.Wake();
        }
    }

    public void Dispose()
    {
        foreach (var segment in _segments)
        {
            segment.Dispose();
        }
    }

    private int PartitionOf(ReadOnlySpan<byte> key) => key.IsEmpty
        ? (int)((uint)_keyless++ % (uint)Spec.Partitions)
        : Murmur2.Partition(key, Spec.Partitions);

    private void CloseCurrent()
    {
        if (_current is not null)
        {
            _current.Close();
            _pending.Add(_current);
            _current = null;
        }
    }
}
