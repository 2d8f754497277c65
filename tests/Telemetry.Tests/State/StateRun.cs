using System.Text;
using Telemetry.Streams.State;

namespace Telemetry.Tests.State;

/// <summary>A table over an input in memory, with its state topic as a dictionary; what is not committed is gone on restore.</summary>
internal sealed class StateRun(KeyedStateOptions options, (string Key, long TimeMs)[] input, bool writesChanges = false)
{
    /// <summary>Bytes of a record, for the pace of the snapshots.</summary>
    private const int InputBytes = 100;

    private readonly StateBatch _batch = new();
    private int _committed;
    private ulong _partition;

    public SortedDictionary<string, byte[]> Topic { get; } = new(StringComparer.Ordinal);

    public int Position { get; private set; }

    public CountingCodec Codec { get; private set; } = new();

    public KeyedStateTable<CountingState> Table { get; private set; } = null!;

    public void Restore()
    {
        Codec = new CountingCodec { WritesChanges = writesChanges };
        Table = new KeyedStateTable<CountingState>(options, Codec);
        foreach (var (key, value) in Topic)
        {
            Table.Load(Encoding.ASCII.GetBytes(key), value);
        }

        var (from, partition) = Table.CompleteLoad();
        _partition = partition.IsEmpty ? 0 : BitConverter.ToUInt64(partition.Span);
        from.ShouldBeLessThanOrEqualTo(_committed);
        Position = (int)from;
        Run(_committed);
        Table.CompleteReplay();
        Codec.Live.ShouldBe(Table.Count);
    }

    public void Run(int to)
    {
        for (; Position < to; Position++)
        {
            var (key, time) = input[Position];
            Table.Advance(Position, time);
            Table.Passed(InputBytes);
            _partition = (_partition * 31) + (ulong)Position + 1;
            if (Table.TryEnter(Encoding.ASCII.GetBytes(key), out var slot))
            {
                slot.State!.Fold = (slot.State.Fold * 1_000_003) + _partition;
                slot.State.Records++;
            }
        }
    }

    /// <summary>Commits and returns how many entries went to the topic. With a random source only some old tombstones stay.</summary>
    public int Commit(TimeSpan elapsed, Random? compact = null)
    {
        _batch.Clear();
        Table.Collect(_batch, Position, BitConverter.GetBytes(_partition), elapsed);
        for (var i = 0; i < _batch.Count; i++)
        {
            _batch.Get(i, out var key, out var value);
            Topic[Encoding.ASCII.GetString(key)] = value.ToArray();
        }

        foreach (var key in Topic.Where(e => e.Value.Length == 0 && compact?.Next(2) == 0).Select(e => e.Key).ToList())
        {
            Topic.Remove(key);
        }

        _committed = Position;
        return _batch.Count;
    }

    /// <summary>All that a later decision can depend on: states, the order in which keys would go, time.</summary>
    public string Describe() => string.Join('\n', Table.Slots
        .Select(s => $"{s.Text} {s.LastOffset} {s.LastTimeMs} {s.State!.Records} {s.State.Fold:x}")
        .Append($"time {Table.TimeMs} {Table.LastOffset} {_partition:x}"));
}
