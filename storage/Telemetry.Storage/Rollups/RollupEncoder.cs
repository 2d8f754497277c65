using Telemetry.Storage.Blocks;

namespace Telemetry.Storage.Rollups;

/// <summary>Writes rows of the rollups as blocks of the Native format.</summary>
internal static class RollupEncoder
{
    private const string Name = "LowCardinality(String)";
    private const string Names = $"sensor {Name}, device {Name}, ";
    private const string Point = "Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64)";
    private const string Latest = "Tuple(DateTime64(6, 'UTC'), UInt64, Float64, UInt8)";
    private const string Marks = "mark_lo UInt64, mark_hi UInt64";

    private const string BucketColumns =
        "sensor, device, ts, n, n_finite, vmin, vmax, vsum, vsum_scaled, first_reading, last_reading, mark_lo, mark_hi";

    private const string BucketStructure =
        Names + "ts DateTime('UTC'), n UInt64, n_finite UInt64, vmin Float64, vmax Float64, vsum Float64, vsum_scaled Float64, "
        + "first_reading " + Point + ", last_reading " + Point + ", " + Marks;

    private delegate T Of<out T>(in Bucket bucket);

    private delegate T OfSeries<out T>(in RollupSeries series);

    /// <summary>Columns of an INSERT, between commas, and their types.</summary>
    public static (string Columns, string Structure) Layout(string table) => table switch
    {
        "readings_1h" => (BucketColumns + ", vsq, n_sketched", BucketStructure + ", vsq Float64, n_sketched UInt64"),
        "readings_1d" => (BucketColumns + ", vsq, q", BucketStructure + ", vsq Float64, q " + QuantileSketch.Type),
        "readings_last" => ("sensor, device, n, last, mark_lo, mark_hi", $"{Names}n UInt64, last {Latest}, {Marks}"),
        _ => (BucketColumns, BucketStructure),
    };

    /// <param name="writer">Where to.</param>
    /// <param name="table">Rollup.</param>
    /// <param name="series">Series.</param>
    /// <param name="buckets">Buckets.</param>
    /// <param name="order">Their order in the block.</param>
    /// <param name="sketches">Sketches, for days.</param>
    public static void Encode(
        NativeWriter writer, string table, SeriesTable series, BucketTable buckets, ReadOnlySpan<int> order, DaySketches? sketches)
    {
        writer.Begin(table == "readings_1m" ? 13 : 15, order.Length);
        writer.Column("sensor", Name);
        var names = writer.LowCardinality(series.Sensors, order.Length);
        for (var i = 0; i < order.Length; i++)
        {
            names[i] = series[buckets[order[i]].Series].SensorName;
        }

        writer.Column("device", Name);
        names = writer.LowCardinality(series.Devices, order.Length);
        for (var i = 0; i < order.Length; i++)
        {
            names[i] = series[buckets[order[i]].Series].DeviceName;
        }

        Column(writer, "ts", "DateTime('UTC')", buckets, order, static (in Bucket b) => b.Start);
        Column(writer, "n", "UInt64", buckets, order, static (in Bucket b) => b.Count);
        Column(writer, "n_finite", "UInt64", buckets, order, static (in Bucket b) => b.FiniteCount);
        Column(writer, "vmin", "Float64", buckets, order, static (in Bucket b) => b.Min);
        Column(writer, "vmax", "Float64", buckets, order, static (in Bucket b) => b.Max);
        Column(writer, "vsum", "Float64", buckets, order, static (in Bucket b) => b.Sum);
        Column(writer, "vsum_scaled", "Float64", buckets, order, static (in Bucket b) => b.SumScaled);
        writer.Column("first_reading", Point);
        Values(writer, buckets, order, static (in Bucket b) => b.First.Time);
        Values(writer, buckets, order, static (in Bucket b) => b.First.Sequence);
        Values(writer, buckets, order, static (in Bucket b) => b.First.Value);
        writer.Column("last_reading", Point);
        Values(writer, buckets, order, static (in Bucket b) => b.Last.Time);
        Values(writer, buckets, order, static (in Bucket b) => b.Last.Sequence);
        Values(writer, buckets, order, static (in Bucket b) => b.Last.Value);
        writer.Column("mark_lo", "UInt64");
        MarkValues(writer, series, buckets, order, static (in RollupSeries s) => s.MarkFirst);
        writer.Column("mark_hi", "UInt64");
        MarkValues(writer, series, buckets, order, static (in RollupSeries s) => s.MarkLast);
        if (table != "readings_1m")
        {
            Column(writer, "vsq", "Float64", buckets, order, static (in Bucket b) => b.SumOfSquares);
        }

        if (table == "readings_1h")
        {
            writer.Column("n_sketched", "UInt64");
            writer.Take<ulong>(order.Length).Clear();
        }

        if (sketches is not null)
        {
            writer.Column("q", QuantileSketch.Type);
            sketches.Write(writer, buckets, order);
        }
    }

    /// <summary>The newest reading of each series.</summary>
    public static void EncodeLatest(NativeWriter writer, SeriesTable series, ReadOnlySpan<int> order)
    {
        writer.Begin(6, order.Length);
        writer.Column("sensor", Name);
        var names = writer.LowCardinality(series.Sensors, order.Length);
        for (var i = 0; i < order.Length; i++)
        {
            names[i] = series[order[i]].SensorName;
        }

        writer.Column("device", Name);
        names = writer.LowCardinality(series.Devices, order.Length);
        for (var i = 0; i < order.Length; i++)
        {
            names[i] = series[order[i]].DeviceName;
        }

        writer.Column("n", "UInt64");
        Values(writer, series, order, static (in RollupSeries s) => s.Count);
        writer.Column("last", Latest);
        Values(writer, series, order, static (in RollupSeries s) => s.LastTime);
        Values(writer, series, order, static (in RollupSeries s) => s.LastSequence);
        Values(writer, series, order, static (in RollupSeries s) => s.LastValue);
        Values(writer, series, order, static (in RollupSeries s) => s.LastQuality);
        writer.Column("mark_lo", "UInt64");
        Values(writer, series, order, static (in RollupSeries s) => s.MarkFirst);
        writer.Column("mark_hi", "UInt64");
        Values(writer, series, order, static (in RollupSeries s) => s.MarkLast);
    }

    private static void Column<T>(
        NativeWriter writer, string name, string type, BucketTable buckets, ReadOnlySpan<int> order, Of<T> value)
        where T : unmanaged
    {
        writer.Column(name, type);
        Values(writer, buckets, order, value);
    }

    private static void Values<T>(NativeWriter writer, BucketTable buckets, ReadOnlySpan<int> order, Of<T> value)
        where T : unmanaged
    {
        var values = writer.Take<T>(order.Length);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(buckets[order[i]]);
        }
    }

    private static void Values<T>(NativeWriter writer, SeriesTable series, ReadOnlySpan<int> order, OfSeries<T> value)
        where T : unmanaged
    {
        var values = writer.Take<T>(order.Length);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(series[order[i]]);
        }
    }

    private static void MarkValues(NativeWriter writer, SeriesTable series, BucketTable buckets, ReadOnlySpan<int> order, OfSeries<ulong> value)
    {
        var values = writer.Take<ulong>(order.Length);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(series[buckets[order[i]].Series]);
        }
    }
}
