using Microsoft.Extensions.Logging;

namespace Telemetry.Streams.Journal.Consumers;

/// <summary>
/// Who may read what in one group, as Kafka's KIP-848 does it: the group has a target, each member moves towards it in its
/// own poll, and a partition is handed on only when its owner has let go of it.
/// </summary>
internal sealed class ConsumerGroup(string name, TimeProvider time, TimeSpan pollIntervalMax, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Member> _members = [];
    private readonly Dictionary<TopicPartition, string> _owners = [];
    private Dictionary<TopicPartition, string> _target = [];
    private int _version;

    public string Name { get; } = name;

    /// <summary>Grows whenever a member may have something to do.</summary>
    public int Version => Volatile.Read(ref _version);

    public void Join(string id, JournalConsumer consumer, IReadOnlyList<string> topics, Func<string, int> partitionCount)
    {
        lock (_gate)
        {
            _members[id] = new Member(consumer, topics, partitionCount) { PolledAt = time.GetTimestamp() };
            Retarget();
        }
    }

    /// <summary>Leaves; what it owned is free.</summary>
    public void Leave(string id)
    {
        lock (_gate)
        {
            if (_members.Remove(id))
            {
                Free(id);
                Retarget();
            }
        }
    }

    /// <summary>Runs something while nothing changes in the group. Must be quick.</summary>
    public void Hold(Action action)
    {
        lock (_gate)
        {
            action();
        }
    }

    public bool IsMember(string id)
    {
        lock (_gate)
        {
            return _members.ContainsKey(id);
        }
    }

    public bool Owns(string id, TopicPartition partition)
    {
        lock (_gate)
        {
            return _owners.GetValueOrDefault(partition) == id;
        }
    }

    /// <summary>Notes that the member is alive, and removes those that have been silent too long.</summary>
    /// <returns>False when it was removed itself.</returns>
    public bool Beat(string id)
    {
        lock (_gate)
        {
            if (!_members.TryGetValue(id, out var member))
            {
                return false;
            }

            member.PolledAt = time.GetTimestamp();
            EvictSilent();
            return true;
        }
    }

    /// <summary>Removes members that have not polled for too long; called by maintenance too.</summary>
    public void Evict()
    {
        lock (_gate)
        {
            EvictSilent();
        }
    }

    /// <summary>What the member must give up, and what is free for it to take.</summary>
    public (List<TopicPartition> Revoke, List<TopicPartition> Take) Plan(string id)
    {
        lock (_gate)
        {
            var revoke = _owners.Where(entry => entry.Value == id && _target.GetValueOrDefault(entry.Key) != id)
                .Select(entry => entry.Key).ToList();
            var take = _target.Where(entry => entry.Value == id && !_owners.ContainsKey(entry.Key))
                .Select(entry => entry.Key).OrderBy(partition => partition.Topic, StringComparer.Ordinal)
                .ThenBy(partition => partition.Partition).ToList();
            return (revoke, take);
        }
    }

    /// <summary>Takes those that are still free and still meant for the member.</summary>
    public List<TopicPartition> Take(string id, List<TopicPartition> partitions)
    {
        lock (_gate)
        {
            var taken = partitions.Where(partition =>
                _target.GetValueOrDefault(partition) == id && _owners.TryAdd(partition, id)).ToList();
            return taken;
        }
    }

    public void Release(string id, List<TopicPartition> partitions)
    {
        lock (_gate)
        {
            foreach (var partition in partitions)
            {
                if (_owners.GetValueOrDefault(partition) == id)
                {
                    _owners.Remove(partition);
                }
            }

            Changed();
        }
    }

    private void EvictSilent()
    {
        foreach (var (id, member) in _members.ToList())
        {
            var silence = time.GetElapsedTime(member.PolledAt);
            if (silence > pollIntervalMax && !member.Consumer.IsPolling)
            {
                logger.MemberEvicted(Name, silence);
                _members.Remove(id);
                Free(id);
                Retarget();
            }
        }
    }

    private void Free(string id)
    {
        foreach (var partition in _owners.Where(entry => entry.Value == id).Select(entry => entry.Key).ToList())
        {
            _owners.Remove(partition);
        }
    }

    private void Retarget()
    {
        var counts = new Dictionary<string, int>();
        foreach (var member in _members.Values)
        {
            foreach (var topic in member.Topics)
            {
                counts.TryAdd(topic, member.PartitionCount(topic));
            }
        }

        // Sticky against where partitions are meant to be, so that two changes in a row do not undo each other.
        var known = new Dictionary<TopicPartition, string>(_owners);
        foreach (var (partition, member) in _target)
        {
            known[partition] = member;
        }

        _target = StickyAssignor.Assign(_members.ToDictionary(entry => entry.Key, entry => entry.Value.Topics), counts, known);
        Changed();
    }

    private void Changed()
    {
        Volatile.Write(ref _version, _version + 1);
        foreach (var member in _members.Values)
        {
            member.Consumer.Wake();
        }
    }

    private sealed class Member(JournalConsumer consumer, IReadOnlyList<string> topics, Func<string, int> partitionCount)
    {
        public JournalConsumer Consumer { get; } = consumer;

        public IReadOnlyList<string> Topics { get; } = topics;

        public Func<string, int> PartitionCount { get; } = partitionCount;

        public long PolledAt { get; set; }
    }
}
