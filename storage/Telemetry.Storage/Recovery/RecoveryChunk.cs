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
    private readonly IReadOnlyList<SinkTarget> _main = [stream.Main];
    private readonly IReadOnlyList<SinkTarget> _rollups = stream.Rollups;
    private readonly IReadOnlyList<IReadOnlyList<SinkTarget>> _each = [.. stream.Rollups.Select(r => new[] { r })];
    private readonly Dictionary<IReadOnlyList<SinkTarget>, IRowBlock> _blocks = [];
    private readonly Dictionary<int, bool> _alike = [];
    private readonly List<IRowBlock> _lacking = [];

    /// <summary>Rows to be inserted, counted once for each block.</summary>
    public int Rows => _blocks.Values.Sum(b => b.Count);

    public IReadOnlyList<IRowBlock> BlocksFor(int month, long offset)
    {
        _lacking.Clear();
        Add(_main, month, offset);
        if (_rollups.Count > 0 && Alike(month))
        {
            Add(_rollups, month, offset);
            return _lacking;
        }

        foreach (var rollup in _each)
        {
            Add(rollup, month, offset);
        }

        return _lacking;
    }

    /// <summary>The INSERTs for the offsets up to <paramref name="last"/>, the main table first.</summary>
    public IEnumerable<(IReadOnlyList<SinkTarget> Targets, IRowBlock Block, IReadOnlyList<Marker> Markers)> Inserts(long last)
    {
        foreach (var (targets, block) in _blocks.OrderBy(b => b.Key[0].Index))
        {
            var markers = new List<Marker>();
            foreach (var ((_, month), newest) in block.Newest)
            {
                markers.AddRange(coverage.Of(targets[0], month).Uncovered(first, last).Select(range => new Marker(
                    partition, month, string.Create(CultureInfo.InvariantCulture, $"f{range.First}"), range.First, range.Last, newest)));
            }

            yield return (targets, block, markers);
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
            var lacking = coverage.Of(_rollups[0], month).Uncovered(first, plannedLast);
            alike = _rollups.Skip(1).All(t => coverage.Of(t, month).Uncovered(first, plannedLast).SequenceEqual(lacking));
            _alike[month] = alike;
        }

        return alike;
    }

    /// <summary>Targets that share a block lack the same offsets.</summary>
    private void Add(IReadOnlyList<SinkTarget> targets, int month, long offset)
    {
        if (coverage.Of(targets[0], month).Contains(offset))
        {
            return;
        }

        if (!_blocks.TryGetValue(targets, out var block))
        {
            _blocks[targets] = block = stream.CreateBlock();
        }

        _lacking.Add(block);
    }
}
