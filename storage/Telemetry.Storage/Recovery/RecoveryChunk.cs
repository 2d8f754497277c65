using System.Globalization;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.Sink;

namespace Telemetry.Storage.Recovery;

/// <summary>
/// The readings of a stretch of log offsets, each sent to exactly the targets that lack it, and the markers that go with
/// them: one for each contiguous stretch that a target did not hold, in a chain of its own.
/// </summary>
internal sealed class RecoveryChunk(int partition, Coverage coverage, long first, long plannedLast) : IReadingTarget, IDisposable
{
    private const string AllRollups = "rollup_in";

    private readonly NameTable _names = new();
    private readonly Dictionary<string, RowBlock> _blocks = [];
    private readonly Dictionary<int, bool> _alike = [];

    /// <summary>Readings to be inserted, counted once for each block.</summary>
    public int Rows { get; private set; }

    public void Append(int partition, long offset, int month, ReadingBatchBuffer batch, int start, int count)
    {
        if (!coverage.Of(SinkTarget.Raw, month).Contains(offset))
        {
            Add(SinkTarget.Raw.Table, month, batch, start, count);
        }

        if (Alike(month))
        {
            if (!coverage.Of(SinkTarget.Rollups[0], month).Contains(offset))
            {
                Add(AllRollups, month, batch, start, count);
            }

            return;
        }

        foreach (var target in SinkTarget.Rollups)
        {
            if (!coverage.Of(target, month).Contains(offset))
            {
                Add(target.FixTable, month, batch, start, count);
            }
        }
    }

    /// <summary>The INSERTs for the offsets up to <paramref name="last"/>, raw first.</summary>
    public IEnumerable<(string Table, RowBlock Block, IReadOnlyList<Marker> Markers)> Inserts(long last)
    {
        foreach (var (table, block) in _blocks.OrderBy(b => b.Key != SinkTarget.Raw.Table).ThenBy(b => b.Key, StringComparer.Ordinal))
        {
            var target = SinkTarget.All.FirstOrDefault(t => t.FixTable == table) ?? SinkTarget.Rollups[0];
            var markers = new List<Marker>();
            foreach (var ((_, month), newest) in block.Newest)
            {
                markers.AddRange(coverage.Of(target, month).Uncovered(first, last).Select(range => new Marker(
                    partition, month, string.Create(CultureInfo.InvariantCulture, $"f{range.First}"), range.First, range.Last, newest)));
            }

            yield return (table, block, markers);
        }
    }

    public void Dispose()
    {
        foreach (var block in _blocks.Values)
        {
            block.Dispose();
        }
    }

    private bool Alike(int month)
    {
        if (!_alike.TryGetValue(month, out var alike))
        {
            var lacking = coverage.Of(SinkTarget.Rollups[0], month).Uncovered(first, plannedLast);
            alike = SinkTarget.Rollups.Skip(1).All(t => coverage.Of(t, month).Uncovered(first, plannedLast).SequenceEqual(lacking));
            _alike[month] = alike;
        }

        return alike;
    }

    private void Add(string table, int month, ReadingBatchBuffer batch, int start, int count)
    {
        if (!_blocks.TryGetValue(table, out var block))
        {
            _blocks[table] = block = new RowBlock(_names);
        }

        block.Append(partition, month, batch, start, count);
        Rows += count;
    }
}
