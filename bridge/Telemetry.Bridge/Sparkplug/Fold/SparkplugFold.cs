using Telemetry.Bridge.Sparkplug.Nodes;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Streams;
using Telemetry.Streams.State;

namespace Telemetry.Bridge.Sparkplug.Fold;

/// <summary>
/// What the host makes of one partition of <see cref="Contracts.LogTopics.Sparkplug"/>: a pure function of its records. No clock, no I/O.
/// Outputs and state collect until the owner takes both for one commit.
/// </summary>
internal sealed class SparkplugFold
{
    private readonly NodeTotals _totals = new();
    private readonly NodeTimers _timers = new();
    private readonly NodeMachine _machine;

    public SparkplugFold(BridgeOptions options)
    {
        Output = new FoldOutput(options);
        _machine = new NodeMachine(options, Output, Counts);
        var unitsMax = options.Sparkplug.NodesBytesMax / NodeTotals.UnitBytes;
        Table = new KeyedStateTable<NodeState>(
            options.Sparkplug.State, new NodeStateCodec(_totals), () => _totals.Bytes / NodeTotals.UnitBytes > unitsMax);
    }

    public KeyedStateTable<NodeState> Table { get; }

    public FoldOutput Output { get; }

    public FoldCounts Counts { get; } = new();

    public NodeTotals Totals => _totals;

    /// <summary>When the partition needs a record so that something falls due in time, by the time of its records; null: nothing waits.</summary>
    public long? NextDueMs => _timers.NextMs;

    /// <summary>Nodes whose births are wanted, or no longer, by the records processed since the owner cleared it; not in a replay.</summary>
    public HashSet<KeySlot<NodeState>> RebirthChanges { get; } = [];

    /// <summary>Once, after loading the state and before the replay.</summary>
    public void RestorePartition()
    {
        foreach (var slot in Table.Slots)
        {
            _timers.Schedule(slot, slot.State!);
        }
    }

    /// <summary>The next record, live or in a replay.</summary>
    public void Process(in LogRecord record)
    {
        // Weighed by what it can leave behind: a metric of few bytes becomes an entry of several times as many.
        Table.Passed(record.Key.Length + record.Value.Length);
        Table.Advance(record.Offset, record.TimestampMs, 1 + (int)Math.Min(record.Value.Length / 256L, 1 << 20));
        Output.IsSuppressed = Table.IsReplaying;
        FireTimers(record);
        if (!RawPublish.TryRead(record.Value.Span, out var publish))
        {
            Counts.DeadLetter(SparkplugCauses.BadRecord);
            Output.DeadLetter(
                new RawPublish(), SparkplugCauses.BadRecord, $"Record {record.Offset} of {record.Topic}/{record.Partition} is not a publish.", [], record.TimestampMs);
            return;
        }

        if (publish.IsTick || record.Key.IsEmpty || !Table.TryEnter(record.Key.Span, out var slot))
        {
            return;
        }

        var node = slot.State!;
        var wanted = node.RebirthReason;
        ProcessGuarded(node, record, publish);
        _timers.Schedule(slot, node);
        NoteRebirth(slot, wanted);
    }

    /// <summary>Adds the state entries that go with a commit.</summary>
    public void Collect(StateBatch batch, long committed, TimeSpan elapsed) => Table.Collect(batch, committed, [], elapsed);

    /// <summary>
    /// A message that breaks us would break us again at every try and stop its partition for good: it is put aside at once. What it left
    /// in its node is the same in every replay.
    /// </summary>
    private void ProcessGuarded(NodeState node, in LogRecord record, in RawPublish publish)
    {
        try
        {
            _machine.Take(node, record, publish, record.TimestampMs);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Counts.DeadLetter(SparkplugCauses.Failed);
            Output.DeadLetter(
                publish, SparkplugCauses.Failed, $"The bridge failed on this payload: {fault.GetType().Name}. This is a fault in Telemetry: please report it with the dead letter.", [],
                record.TimestampMs);
        }
    }

    private void FireTimers(in LogRecord record)
    {
        while (_timers.TryTake(Table.TimeMs, out var slot, out var node))
        {
            var wanted = node.RebirthReason;
            _machine.Expire(node, record, Table.TimeMs);
            Table.MarkDirty(slot);
            _timers.Schedule(slot, node);
            NoteRebirth(slot, wanted);
        }
    }

    private void NoteRebirth(KeySlot<NodeState> slot, string? before)
    {
        if (!Table.IsReplaying && (before ?? slot.State?.RebirthReason) is not null)
        {
            RebirthChanges.Add(slot);
        }
    }
}
