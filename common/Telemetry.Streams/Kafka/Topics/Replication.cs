namespace Telemetry.Streams.Kafka.Topics;

/// <summary>Copies of a topic on a cluster.</summary>
/// <param name="Factor">Copies of each partition.</param>
/// <param name="MinInSync">Copies that must have a record before it is acknowledged.</param>
public readonly record struct Replication(int Factor, int MinInSync)
{
    /// <summary>Copies wanted when nothing is said: one may be lost and one be in maintenance.</summary>
    public const int Wanted = 3;

    /// <summary>What a new topic gets on a cluster of so many brokers.</summary>
    /// <exception cref="RecordLogException">More copies are declared than there are brokers, or than must be in sync.</exception>
    public static Replication Of(TopicSpec spec, int brokers)
    {
        var factor = spec.ReplicationFactor ?? Math.Min(Wanted, Math.Max(1, brokers));
        if (factor > brokers)
        {
            throw new RecordLogException(
                RecordLogError.TopicMismatch,
                $"Topic '{spec.Name}' is declared with replication factor {factor}, but the cluster has {brokers} brokers. "
                + "Start more brokers, or leave Kafka:ReplicationFactor unset to take as many copies as there are brokers.");
        }

        var minInSync = spec.MinInSyncReplicas ?? MinInSyncOf(factor);
        return minInSync <= factor
            ? new Replication(factor, minInSync)
            : throw new RecordLogException(
                RecordLogError.TopicMismatch,
                $"Topic '{spec.Name}' is declared with min.insync.replicas {minInSync} and replication factor {factor}: no record "
                + "would ever be acknowledged. Set Kafka:MinInSyncReplicas to less than the copies, or leave it unset.");
    }

    /// <summary>One copy may be missing, as long as there are two.</summary>
    public static int MinInSyncOf(int factor) => Math.Max(1, factor - 1);
}
