using Telemetry.Alarms.Folding;
using Telemetry.Streams;

namespace Telemetry.Alarms.Running;

/// <summary>What a <see cref="FoldRunner{TFold}"/> runs.</summary>
/// <typeparam name="TFold">What is made of a partition.</typeparam>
internal sealed record FoldSpec<TFold>
    where TFold : IPartitionFold
{
    /// <summary>For messages and metrics: keeper, incidents or rules.</summary>
    public required string Name { get; init; }

    /// <summary>Input topic.</summary>
    public required string Topic { get; init; }

    public required string Group { get; init; }

    public required string TransactionalId { get; init; }

    /// <summary>Compacted topic with the state, partitioned as the input; null: it has none.</summary>
    public string? StateTopic { get; init; }

    /// <summary>Where a partition begins that nothing was ever committed of.</summary>
    public StartPosition Start { get; init; } = StartPosition.Earliest;

    public required TimeSpan CommitInterval { get; init; }

    /// <summary>Awaited before the folds of new partitions are created; null: nothing is to be awaited.</summary>
    public Func<CancellationToken, Task>? Prepare { get; init; }

    /// <summary>A fold without state.</summary>
    public required Func<TopicPartition, TFold> Create { get; init; }

    /// <summary>
    /// Value of a record that carries nothing but its time, for a quiet partition in which something falls due; null: other records bring the time.
    /// </summary>
    public byte[]? Tick { get; init; }

    /// <summary>
    /// Called before the first record and between records, with each partition's fold and the next offset, for what changes from outside; null: nothing
    /// does.
    /// </summary>
    public Action<TFold, long>? Refresh { get; init; }

    /// <summary>Called with a fold after each commit of its partition, to count; null: nobody counts.</summary>
    public Action<TFold>? Committed { get; init; }

    /// <summary>Called with a fold whose partition has gone to another member; null: nobody cares.</summary>
    public Action<TFold>? Released { get; init; }
}
