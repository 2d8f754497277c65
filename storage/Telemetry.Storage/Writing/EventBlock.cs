using Telemetry.Storage.Blocks;

namespace Telemetry.Storage.Writing;

/// <summary>Events for one INSERT.</summary>
internal sealed class EventBlock : IRowBlock
{
    private readonly Dictionary<(int Partition, int Month), long> _newest = [];
    private readonly List<EventRow> _rows = [];

    /// <summary>Rows in the log's order.</summary>
    public IReadOnlyList<EventRow> Rows => _rows;

    public int Count => _rows.Count;

    public IReadOnlyDictionary<(int Partition, int Month), long> Newest => _newest;

    public void Append(EventRow row, int month)
    {
        _rows.Add(row);
        var group = (row.Partition, month);
        _newest[group] = _newest.TryGetValue(group, out var newest) ? Math.Max(newest, row.TimeUs) : row.TimeUs;
    }

    public void Dispose()
    {
        _rows.Clear();
        _newest.Clear();
    }
}
