using Telemetry.Storage.Blocks;

namespace Telemetry.Storage.Rollups;

/// <summary>The bins of the finite readings of a block, to be sorted into the sketches of their series and days.</summary>
internal sealed class DaySketches
{
    private const int Smallest = 1024;

    private int[] _series = new int[Smallest];
    private uint[] _days = new uint[Smallest];
    private int[] _codes = new int[Smallest];
    private int[] _sorted = new int[Smallest];
    private int[] _ends = new int[Smallest];
    private int _count;

    /// <param name="readings">How many may follow.</param>
    public void Clear(int readings)
    {
        _count = 0;
        if (_codes.Length < readings || _codes.Length > Math.Max(Smallest, 16 * readings))
        {
            var size = Math.Max(Smallest, readings);
            (_series, _days, _codes, _sorted) = (new int[size], new uint[size], new int[size], new int[size]);
        }
    }

    public void Add(int series, uint day, double value)
    {
        _series[_count] = series;
        _days[_count] = day;
        _codes[_count++] = QuantileSketch.Code(value);
    }

    /// <summary>Writes the sketches of these buckets, one after another.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="days">All days.</param>
    /// <param name="order">Their order.</param>
    public void Write(NativeWriter writer, BucketTable days, ReadOnlySpan<int> order)
    {
        if (_ends.Length < days.Count || _ends.Length > Math.Max(Smallest, 16 * days.Count))
        {
            _ends = new int[Math.Max(Smallest, days.Count)];
        }

        // Counting sort by day: each has as many as finite readings.
        var end = 0;
        for (var i = 0; i < days.Count; i++)
        {
            _ends[i] = end;
            end += (int)days[i].FiniteCount;
        }

        var (series, day, index) = (-1, 0u, 0);
        for (var i = 0; i < _count; i++)
        {
            if (series != _series[i] || day != _days[i])
            {
                (series, day) = (_series[i], _days[i]);
                index = days.IndexOf(series, day);
            }

            _sorted[_ends[index]++] = _codes[i];
        }

        foreach (var i in order)
        {
            var count = (int)days[i].FiniteCount;
            QuantileSketch.Write(writer, _sorted.AsSpan(_ends[i] - count, count));
        }
    }
}
