using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Durability;

/// <summary>From which offset on each partition of the messages topic is still needed: a restart reads from there.</summary>
internal sealed class MessageFloors
{
    /// <summary>Records looked after before finished ones are taken out from between unfinished ones.</summary>
    private const int CompactionSize = 4096;

    private readonly Dictionary<int, PartitionFloor> _partitions = [];

    /// <summary>A record has been written or read. In the order of its partition.</summary>
    public void Add(MessageOrigin origin)
    {
        lock (_partitions)
        {
            if (!_partitions.TryGetValue(origin.Partition, out var partition))
            {
                _partitions[origin.Partition] = partition = new PartitionFloor();
            }

            partition.Add(origin);
        }
    }

    /// <summary>By partition, the first offset that is needed, or the one after the last that was seen.</summary>
    public Dictionary<int, long> Floors()
    {
        lock (_partitions)
        {
            return _partitions.ToDictionary(p => p.Key, p => p.Value.Floor());
        }
    }

    private sealed class PartitionFloor
    {
        private Queue<MessageOrigin> _origins = new();
        private int _compactAt = CompactionSize;
        private long _next;

        public void Add(MessageOrigin origin)
        {
            _next = origin.Offset + 1;
            _origins.Enqueue(origin);
            if (_origins.Count < _compactAt)
            {
                return;
            }

            _origins = new Queue<MessageOrigin>(_origins.Where(o => !o.IsFinished));
            _compactAt = Math.Max(CompactionSize, _origins.Count * 2);
        }

        public long Floor()
        {
            while (_origins.TryPeek(out var first) && first.IsFinished)
            {
                _origins.Dequeue();
            }

            return _origins.TryPeek(out var needed) ? needed.Offset : _next;
        }
    }
}
