using Telemetry.Streams;

namespace Telemetry.Alarms.Folding;

/// <summary>
/// What is made of one partition of a topic: a pure function of its records. No clock, no I/O. Its state is whole on a compacted topic as of every
/// commit, so a restart replays nothing.
/// </summary>
internal interface IPartitionFold
{
    /// <summary>When the partition needs a record so that something falls due in time, milliseconds by its records; null: nothing waits.</summary>
    long? NextDueMs { get; }

    /// <summary>True: there is something to commit beside the offset.</summary>
    bool HasChanges { get; }

    /// <summary>Takes one record of the state topic; an empty value removes the key. Before <see cref="Loaded"/>.</summary>
    /// <exception cref="FormatException">Not an entry of such a topic.</exception>
    void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>All of the state topic has been read.</summary>
    void Loaded();

    /// <summary>The next record.</summary>
    void Process(in LogRecord record);

    /// <summary>Moves what goes into one commit to <paramref name="changes"/>: outputs in order, state entries of the keys that changed.</summary>
    void Collect(FoldChanges changes);
}
