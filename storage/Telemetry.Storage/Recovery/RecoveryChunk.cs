using System.Globalization;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.Writing;

namespace Telemetry.Storage.Recovery;

/// <summary>
/// The rows of a stretch of log offsets, each sent to exactly the targets that lack it, and the markers that go with
/// them: one for each contiguous stretch that a target did not hold, in a chain of its own.
/// </summary>
internal sealed class RecoveryChunk(SinkStream stream, int partition, Coverage coverage, long first, long plannedLast) : IRowTarget, IDisposable
{
    private const string AllRollups = "rollup_in";

    private readonly Dictionary<string, IRowBlock> _blocks = [];
    private readonly Dictionary<int, bool> _alike = [];
    private readonly List<IRowBlock> _lacking = [];

    /// <summary>Rows to be inserted, counted once for each block.</summary>
    public int Rows => _blocks.Values.Sum(b => b.Count);

    public IReadOnlyList<IRowBlock> BlocksFor(int month, long offset)
    {
        _lacking.Clear();
        if (!coverage.Of(stream.Main, month).Contains(offset))
        {
            _lacking.Add(Block(stream.Main.Table));
        }

        if (stream.HasRollups && Alike(month))
        {
            if (!coverage.Of(stream.Targets[1], month).Contains(offset))
            {
                _lacking.Add(Block(AllRollups));
            }

            return _lacking;
        }

        foreach (var target in stream.Rollups)
        {
            if (!coverage.Of(target, month).Contains(offset))
            {
                _lacking.Add(Block(target.FixTable));
            }
        }

        return _lacking;
    }

    /// <summary>The INSERTs for the offsets up to <paramref name="last"/>, the main table first.</summary>
    public IEnumerable<(string Table, IRowBlock Block, IReadOnlyList<Marker> Markers)> Inserts(long last)
    {
        foreach (var (table, block) in _blocks.OrderBy(b => b.Key != stream.Main.Table).ThenBy(b => b.Key, StringComparer.Ordinal))
        {
            var target = stream.Targets.FirstOrDefault(t => t.FixTable == table) ?? stream.Targets[1];
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
            var lacking = coverage.Of(stream.Targets[1], month).Uncovered(first, plannedLast);
            alike = stream.Rollups.Skip(1).All(t => coverage.Of(t, month).Uncovered(first, plannedLast).SequenceEqual(lacking));
            _alike[month] = alike;
        }

        return alike;
    }

    private IRowBlock Block(string table)
    {
        if (!_blocks.TryGetValue(table, out var block))
        {
            _blocks[table] = block = stream.CreateBlock();
        }

        return block;
    }
}
