namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>
/// The partitions of a consumer and what was collected of them. The caller changes positions here at once; the polling
/// thread brings the client after it before it asks for more.
/// </summary>
internal sealed class KafkaCursors
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TopicPartition, KafkaCursor> _cursors = [];
    private List<LogRecord> _collected = [];
    private List<LogRecord> _returned = [];
    private KafkaCursor? _last;
    private bool _isDirty;

    /// <summary>True: partitions were taken by hand and the client does not know yet.</summary>
    public bool MustAssign { get; private set; }

    public int CollectedCount => _collected.Count;

    public IReadOnlyList<TopicPartition> Ids()
    {
        lock (_gate)
        {
            return [.. _cursors.Keys];
        }
    }

    public void Assign(IReadOnlyList<TopicPartition> partitions)
    {
        lock (_gate)
        {
            foreach (var gone in _cursors.Keys.Except(partitions).ToList())
            {
                Remove(gone);
            }

            foreach (var partition in partitions)
            {
                _cursors.TryAdd(partition, new KafkaCursor(partition));
            }

            (MustAssign, _isDirty) = (true, true);
        }
    }

    public void Add(TopicPartition partition, long start)
    {
        lock (_gate)
        {
            var cursor = new KafkaCursor(partition);
            cursor.SetStart(start);
            _cursors[partition] = cursor;
            _isDirty = true;
        }
    }

    public void Remove(TopicPartition partition)
    {
        lock (_gate)
        {
            Forget(partition);
            _cursors.Remove(partition);
            _last = null;
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _cursors.Clear();
            _collected.Clear();
            _last = null;
        }
    }

    public long Next(TopicPartition partition)
    {
        lock (_gate)
        {
            return Demand(partition).Next;
        }
    }

    /// <summary>Gives a partition its start, unless it has one by now.</summary>
    public long Start(TopicPartition partition, long offset)
    {
        lock (_gate)
        {
            var cursor = Demand(partition);
            if (cursor.Next == KafkaCursor.Unknown)
            {
                cursor.Seek(offset);
                _isDirty = true;
            }

            return cursor.Next;
        }
    }

    public void Seek(TopicPartition partition, long offset)
    {
        lock (_gate)
        {
            Demand(partition).Seek(offset);
            Forget(partition);
            _isDirty = true;
        }
    }

    public void SetPaused(IReadOnlyList<TopicPartition> partitions, bool paused)
    {
        lock (_gate)
        {
            foreach (var partition in partitions)
            {
                var cursor = Demand(partition);
                cursor.Paused = paused;
                if (paused && Forget(partition))
                {
                    cursor.Rewind();
                }
            }

            _isDirty = true;
        }
    }

    /// <summary>What the client gives of this partition is thrown away, until it is moved back to where it stands here.</summary>
    public void Hold(TopicPartition partition)
    {
        lock (_gate)
        {
            if (_cursors.TryGetValue(partition, out var cursor))
            {
                (cursor.MustSeek, _isDirty) = (true, true);
            }
        }
    }

    /// <summary>A record from the client: kept, or refused because the position is elsewhere by now.</summary>
    public void Collect(in LogRecord record)
    {
        lock (_gate)
        {
            if (Find(record.Topic, record.Partition) is not { } cursor)
            {
                return;
            }

            if (cursor.Paused && !cursor.MustSeek)
            {
                cursor.MustSeek = true;
                _isDirty = true;
            }

            if (!cursor.MustSeek && record.Offset >= cursor.Fetched)
            {
                _collected.Add(record);
                cursor.Collected(record.Offset + 1);
            }
        }
    }

    /// <summary>The client is at the end of a partition: what lies between is markers and aborted records.</summary>
    public void ReachedEnd(string topic, int partition, long offset)
    {
        lock (_gate)
        {
            if (Find(topic, partition) is { MustSeek: false } cursor)
            {
                cursor.Collected(offset);
            }
        }
    }

    /// <summary>The offset a partition stands at is not there; it needs another start.</summary>
    /// <returns>The offset; null when the partition has gone.</returns>
    public long? Restart(string topic, int partition, long start)
    {
        lock (_gate)
        {
            if (Find(topic, partition) is not { } cursor)
            {
                return null;
            }

            var from = cursor.Fetched;
            if (!cursor.MustSeek)
            {
                Forget(cursor.Id);
                cursor.Seek(start);
            }

            (cursor.MustRestart, _isDirty) = (true, true);
            return from;
        }
    }

    /// <summary>Partitions the client is to read now, with the next offset it gives; one that refuses to be moved there stands still too.</summary>
    public Dictionary<TopicPartition, long> Reading()
    {
        lock (_gate)
        {
            return _cursors.Values
                .Where(static c => c is { Paused: false, Fetched: not KafkaCursor.Unknown })
                .ToDictionary(static c => c.Id, static c => c.Fetched);
        }
    }

    /// <summary>The client gives nothing of a partition any more: it has to be given to it again, if it still stands at this offset.</summary>
    /// <returns>False: it has moved, or gone, in the meantime.</returns>
    public bool GiveAgain(TopicPartition partition, long at)
    {
        lock (_gate)
        {
            if (!_cursors.TryGetValue(partition, out var cursor) || cursor.Paused || cursor.Fetched != at)
            {
                return false;
            }

            return cursor.MustRestart = _isDirty = true;
        }
    }

    /// <summary>What was collected becomes what the poll returns; valid until the next time.</summary>
    public IReadOnlyList<LogRecord> Take()
    {
        lock (_gate)
        {
            (_returned, _collected) = (_collected, _returned);
            _collected.Clear();
            foreach (var cursor in _cursors.Values)
            {
                cursor.Returned();
            }

            return _returned;
        }
    }

    /// <summary>The last batch is not the caller's any more.</summary>
    public void ReleaseReturned()
    {
        lock (_gate)
        {
            _returned.Clear();
        }
    }

    /// <summary>What the client has to be told.</summary>
    public KafkaCursor[] TakeChanges(out bool mustAssign)
    {
        lock (_gate)
        {
            mustAssign = MustAssign;
            if (!_isDirty)
            {
                return [];
            }

            MustAssign = false;
            _isDirty = false;
            return [.. _cursors.Values];
        }
    }

    /// <summary>The client could not be told; try again before the next record.</summary>
    public void ChangesFailed(bool mustAssign)
    {
        lock (_gate)
        {
            _isDirty = true;
            MustAssign |= mustAssign;
        }
    }

    private KafkaCursor? Find(string topic, int partition)
    {
        if (_last is null || _last.Id.Partition != partition || _last.Id.Topic != topic)
        {
            _cursors.TryGetValue(new TopicPartition(topic, partition), out _last);
        }

        return _last;
    }

    private bool Forget(TopicPartition partition) =>
        _collected.RemoveAll(record => record.Partition == partition.Partition && record.Topic == partition.Topic) > 0;

    private KafkaCursor Demand(TopicPartition partition) => _cursors.TryGetValue(partition, out var cursor)
        ? cursor
        : throw new RecordLogException(RecordLogError.NotAssigned, $"Partition {partition} is not assigned to this consumer.");
}
