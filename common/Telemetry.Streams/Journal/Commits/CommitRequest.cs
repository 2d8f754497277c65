using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Commits;

/// <summary>Offsets of one group.</summary>
internal readonly record struct GroupOffsets(string Group, IReadOnlyDictionary<TopicPartition, CommittedOffset> Offsets);

/// <summary>
/// Asks the writer for something that takes effect after all that was appended before it: a commit of offsets, of a
/// transaction, or (with neither) only word that the appends are done.
/// </summary>
internal sealed class CommitRequest(JournalTransaction? transaction, IReadOnlyList<GroupOffsets> offsets)
{
    public JournalTransaction? Transaction { get; } = transaction;

    public IReadOnlyList<GroupOffsets> Offsets { get; } = offsets;

    public bool WritesFrame => Transaction is not null || Offsets.Count > 0;

    /// <summary>Completes when it is durable. Continuations do not run on the writer's thread.</summary>
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
