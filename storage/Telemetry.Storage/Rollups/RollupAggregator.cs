using System.Runtime.InteropServices;
using Telemetry.Storage.Blocks;

namespace Telemetry.Storage.Rollups;

/// <summary>
/// Turns readings into one row a series and minute, hour and day, and the newest reading of each series, with the markers among them: what the
/// views of <c>rollup_in</c> compute in the engine, for half the CPU. Hours are added up from minutes and days from hours. Minutes and hours also
/// get the rows of all devices of a sensor (<see cref="FleetRows"/>), added up from those of the series. All arrays are kept from one block to the next.
/// </summary>
/// <param name="hasMinutes">False: of the minutes only the markers are written, so that the table says which offsets it holds all the same.</param>
internal sealed class RollupAggregator(Func<bool> hasMinutes)
{
    private const uint Minute = 60;
    private const uint Hour = 3_600;
    private const uint Day = 86_400;

    private readonly SeriesTable _series = new();
    private readonly BucketTable _minutes = new();
    private readonly BucketTable _hours = new();
    private readonly BucketTable _days = new();
    private readonly BucketOrder _order = new();
    private readonly DaySketches _sketches = new();
    private readonly List<int> _some = [];

    /// <summary>Takes the place of what was there before.</summary>
    public void Aggregate(IReadOnlyList<RowBlock> blocks, IReadOnlyList<Marker> markers)
    {
        _order.Trim(_minutes.Count);
        _series.Clear();
        _minutes.Clear();
        _hours.Clear();
        _days.Clear();
        _sketches.Clear(blocks.Sum(b => b.Count) + markers.Count);
        foreach (var block in blocks)
        {
            _series.Use(block.Names);
            Add(block);
        }

        foreach (var marker in markers)
        {
            Add(marker);
        }

        _series.AddFleets();
        AddUp(_minutes, _hours, Hour);
        AddUp(_hours, _days, Day);
        AddFleets(_minutes);
        AddFleets(_hours);
        _series.Sort();
    }

    /// <summary>Columns of an INSERT into a rollup, between commas, and their types.</summary>
    public static (string Columns, string Structure) Layout(string table) => RollupEncoder.Layout(table);

    /// <summary>Writes the rows of a rollup as one block, in the order of the table.</summary>
    public void Encode(NativeWriter writer, string table)
    {
        var series = _series.Order;
        switch (table)
        {
            case "readings_1m":
                RollupEncoder.Encode(writer, table, _series, _minutes, hasMinutes() ? _order.Of(_minutes, series) : MarkersOnly(series), null);
                break;
            case "readings_1h":
                RollupEncoder.Encode(writer, table, _series, _hours, _order.Of(_hours, series), null);
                break;
            case "readings_1d":
                RollupEncoder.Encode(writer, table, _series, _days, _order.Of(_days, series), _sketches);
                break;
            case "readings_last":
                RollupEncoder.EncodeLatest(writer, _series, WithoutFleets(series));
                break;
            default:
                throw new ArgumentException($"{table} is no rollup of readings.", nameof(table));
        }
    }

    /// <summary>Minutes of the markers, in the order of the table. Each marker has one.</summary>
    private ReadOnlySpan<int> MarkersOnly(ReadOnlySpan<int> series)
    {
        _some.Clear();
        foreach (var one in series)
        {
            if (_series.IsMarker(one))
            {
                _some.Add(_series[one].Minute);
            }
        }

        return CollectionsMarshal.AsSpan(_some);
    }

    /// <summary>Series and markers, in the order of the table.</summary>
    private ReadOnlySpan<int> WithoutFleets(ReadOnlySpan<int> series)
    {
        _some.Clear();
        foreach (var one in series)
        {
            if (!_series.IsFleet(one))
            {
                _some.Add(one);
            }
        }

        return CollectionsMarshal.AsSpan(_some);
    }

    private void Add(RowBlock block)
    {
        var (sensors, devices, times, sequences, values, qualities) =
            (block.Sensors, block.Devices, block.Times, block.Sequences, block.Values, block.Qualities);
        for (var i = 0; i < block.Count; i++)
        {
            Add(_series.IndexOf(sensors[i], devices[i]), times[i], sequences[i], values[i], qualities[i]);
        }
    }

    private void Add(int index, long time, ulong sequence, double value, byte quality)
    {
        ref var series = ref _series[index];
        series.Count++;
        series.Offer(time, sequence, value, quality);
        var start = (uint)((ulong)time / 60_000_000) * Minute;
        if (series.Minute < 0 || series.MinuteStart != start)
        {
            (series.Minute, series.MinuteStart) = (_minutes.IndexOf(index, start), start);
        }

        _minutes[series.Minute].Add(time, sequence, value);
        if (double.IsFinite(value))
        {
            _sketches.Add(index, start / Day * Day, value);
        }
    }

    private void Add(in Marker marker)
    {
        var index = _series.Add(marker);
        var count = marker.Last - marker.First + 1;
        Add(index, marker.Time, (ulong)marker.Last, count, quality: 0);
        ref var series = ref _series[index];
        _minutes[series.Minute].Count = series.Count = (ulong)count;
    }

    private static void AddUp(BucketTable from, BucketTable to, uint grain)
    {
        foreach (ref readonly var part in from.All)
        {
            to[to.IndexOf(part.Series, part.Start / grain * grain)].Add(part);
        }
    }
    /// <summary>Adds the buckets of the series to those of their sensor at all devices.</summary>
    private void AddFleets(BucketTable buckets)
    {
        // What is added lies behind, and the array may move meanwhile.
        for (int i = 0, count = buckets.Count; i < count; i++)
        {
            var part = buckets[i];
            if (_series[part.Series].Fleet is var fleet and >= 0)
            {
                buckets[buckets.IndexOf(fleet, part.Start)].Add(part);
            }
        }
    }
}
