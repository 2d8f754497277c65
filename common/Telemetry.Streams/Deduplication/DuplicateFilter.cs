using Telemetry.Contracts.Readings;
using Telemetry.Streams.State;

namespace Telemetry.Streams.Deduplication;

/// <summary>
/// Removes duplicates by event id (device, boot id, sequence) in one partition of readings, and tells copies from other readings that
/// carry the id of one (<see cref="DuplicateKind.Conflict"/>). Decisions depend on the records
/// alone, so a replay decides alike. State survives through <see cref="Table"/>. Not safe for concurrent use.
/// </summary>
public sealed class DuplicateFilter
{
    private readonly DuplicateFilterOptions _options;

    public DuplicateFilter(DuplicateFilterOptions options, KeyedStateOptions stateOptions)
    {
        _options = options;
        Table = new KeyedStateTable<DeviceSequences>(stateOptions, new DeviceSequencesCodec());
    }

    /// <summary>The devices' state, to snapshot and restore.</summary>
    public KeyedStateTable<DeviceSequences> Table { get; }

    /// <summary>What the bounds made us forget.</summary>
    public DuplicateStatistics Statistics { get; } = new();

    /// <summary>The runs of the last batch.</summary>
    public DuplicateRuns Runs { get; } = new();

    /// <summary>Moves on to a record; to be called for every record, also undecodable ones.</summary>
    public void Advance(long offset, long timestampMs) => Table.Advance(offset, timestampMs);

    /// <summary>Forgets a device, as the record last given to <see cref="Advance"/> says: the ids it used may come again.</summary>
    public void Forget(ReadOnlySpan<byte> device) => Table.Forget(device);

    /// <summary>
    /// Takes the batch of the record last given to <see cref="Advance"/>; the details are in <see cref="Runs"/>. Null in a replay
    /// when the state has it already (outputs are suppressed there anyway).
    /// </summary>
    public DuplicateVerdict? Add(ReadingBatchBuffer batch) =>
        Table.TryEnter(batch.Device, out var slot) ? slot.State!.Add(batch, _options, Runs, Statistics) : null;
}

/// <summary>A device's sequences as the whole state of its key.</summary>
internal sealed class DeviceSequencesCodec : IKeyStateCodec<DeviceSequences>
{
    public DeviceSequences Create(ReadOnlySpan<byte> key) => new();

    public void Write(DeviceSequences state, StateWriter writer) => state.Write(writer);

    public DeviceSequences Read(ReadOnlySpan<byte> key, ref StateReader reader) => DeviceSequences.Read(ref reader);

    public bool TryWriteChanges(DeviceSequences state, StateWriter writer)
    {
        state.WriteChanges(writer);
        return true;
    }

    public void ReadChanges(DeviceSequences state, ref StateReader reader) => state.ReadChanges(ref reader);

    public void Written(DeviceSequences state) => state.Written();

    public void Release(DeviceSequences state)
    {
    }
}
