using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>
/// The partitions a group gives to this member and takes from it, and the telling of both to the listener. Called back by the
/// client inside a poll, on the polling thread: a partition is let go only after the listener has returned.
/// </summary>
internal sealed class GroupMembership(KafkaContext log, ConsumerOptions options, KafkaCursors cursors, StartOffsets starts, PollTurns turns)
{
    private readonly List<TopicPartition> _untold = [];
    private bool _isLeaving;
    private long _changes;

    /// <summary>True: the listener has not been told of partitions that were assigned.</summary>
    public bool HasUntold => _untold.Count > 0;

    /// <summary>Changes so far; from any thread.</summary>
    public long Changes => Volatile.Read(ref _changes);

    /// <summary>New partitions, each with the offset it starts at.</summary>
    public List<TopicPartitionOffset> Assigned(List<Confluent.Kafka.TopicPartition> partitions)
    {
        Interlocked.Increment(ref _changes);
        if (_isLeaving)
        {
            return [.. partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Unset))];
        }

        List<TopicPartition> ids = [.. partitions.Select(p => new TopicPartition(p.Topic, p.Partition.Value))];
        var offsets = starts.FindPatiently(ids, () => turns.Request.IsClose || turns.Request.Cancel.IsCancellationRequested);
        foreach (var id in ids)
        {
            cursors.Add(id, offsets[id]);
        }

        _untold.AddRange(ids);
        log.Metrics.Rebalanced("assigned", ids.Count, options.Group);
        return [.. ids.Select(id => new TopicPartitionOffset(id.Topic, id.Partition, offsets[id] < 0 ? Offset.Unset : offsets[id]))];
    }

    /// <summary>Partitions go, once the listener has let them.</summary>
    public void Gone(RebalanceKind kind, List<TopicPartitionOffset> partitions)
    {
        Interlocked.Increment(ref _changes);
        if (_isLeaving)
        {
            return;
        }

        List<TopicPartition> ids = [.. partitions.Select(p => new TopicPartition(p.Topic, p.Partition.Value))];

        // What the listener has not been told of it need not give up.
        List<TopicPartition> known = [.. ids.Where(id => !_untold.Remove(id))];
        log.Metrics.Rebalanced(kind == RebalanceKind.Lost ? "lost" : "revoked", ids.Count, options.Group);
        if (known.Count > 0)
        {
            turns.Tell(new Rebalance(kind, known));
        }

        ids.ForEach(cursors.Remove);
        Interlocked.Increment(ref _changes);
    }

    /// <summary>Tells the listener of what was assigned.</summary>
    public void TellAssigned()
    {
        var rebalance = new Rebalance(RebalanceKind.Assigned, [.. _untold]);
        _untold.Clear();
        turns.Tell(rebalance);
    }

    /// <summary>Has the listener let everything go, and forgets it: the member is about to leave and another to join in its place.</summary>
    public void GiveUp()
    {
        Interlocked.Increment(ref _changes);
        Revoke();
        foreach (var id in cursors.Ids())
        {
            cursors.Remove(id);
        }

        _untold.Clear();
        Interlocked.Increment(ref _changes);
    }

    /// <summary>
    /// Has the listener let everything go, while the member still is one: a client that closes in the middle of a rebalance neither
    /// reads offsets nor commits.
    /// </summary>
    public void Release()
    {
        Revoke();
        _isLeaving = true;
    }

    private void Revoke()
    {
        List<TopicPartition> known = [.. cursors.Ids().Except(_untold)];
        if (options.Topics.Count > 0 && known.Count > 0)
        {
            log.Metrics.Rebalanced("revoked", known.Count, options.Group);
            turns.Tell(new Rebalance(RebalanceKind.Revoked, known));
        }
    }
}
