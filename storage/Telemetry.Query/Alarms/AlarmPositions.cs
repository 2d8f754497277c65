using System.Globalization;

namespace Telemetry.Query.Alarms;

/// <summary>For each partition of the changes the next offset, as the id of an event: <c>0:12,1:4</c>.</summary>
internal sealed class AlarmPositions
{
    private const int PartitionsMax = 1024;
    private readonly SortedDictionary<int, long> _next = [];

    public IEnumerable<KeyValuePair<int, long>> All => _next;

    public long this[int partition] => _next.GetValueOrDefault(partition);

    public bool Has(int partition) => _next.ContainsKey(partition);

    public void Set(int partition, long next) => _next[partition] = next;

    public AlarmPositions Copy()
    {
        var copy = new AlarmPositions();
        foreach (var (partition, next) in _next)
        {
            copy.Set(partition, next);
        }

        return copy;
    }

    /// <summary>Null: not such a text.</summary>
    public static AlarmPositions? Parse(string text)
    {
        var positions = new AlarmPositions();
        foreach (var part in text.Split(','))
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0
                || !int.TryParse(part.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
                || !long.TryParse(part.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var next)
                || partition >= PartitionsMax)
            {
                return null;
            }

            positions.Set(partition, next);
        }

        return positions;
    }

    public override string ToString() =>
        string.Join(',', _next.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Key}:{p.Value}")));
}
