using System.Text.Json;
using Telemetry.Query.Answers;

namespace Telemetry.Query.Series;

/// <summary>Rows of many series, and the times that any of them has.</summary>
internal sealed class SeriesTable
{
    private readonly Dictionary<SeriesName, List<(SeriesPoint Point, double[] Quantiles)>> _points = [];
    private readonly Dictionary<SeriesName, List<RawPoint>> _raw = [];

    /// <summary>Starts of buckets, ascending.</summary>
    public IReadOnlyList<long> Axis { get; private set; } = [];

    public int Rows { get; private set; }

    /// <summary>True: there were more rows than were to be read.</summary>
    public bool HasMore { get; private set; }

    /// <param name="body">RowBinary: device, sensor, a point, quantiles; by series and time.</param>
    /// <param name="isRaw">True: the points are single readings.</param>
    /// <param name="quantiles">Quantiles of a point.</param>
    /// <param name="most">Most rows that are taken.</param>
    public static SeriesTable Read(ReadOnlySpan<byte> body, bool isRaw, int quantiles, int most)
    {
        var table = new SeriesTable();
        var axis = new SortedSet<long>();
        var reader = new SeriesReader(body);
        while (!reader.AtEnd)
        {
            if (table.Rows == most)
            {
                table.HasMore = true;
                break;
            }

            table.Rows++;
            var name = new SeriesName(reader.ReadString(), reader.ReadString());
            if (isRaw)
            {
                Of(table._raw, name).Add(reader.ReadRaw());
                continue;
            }

            var point = reader.ReadPoint();
            var values = quantiles == 0 ? [] : new double[quantiles];
            for (var i = 0; i < quantiles; i++)
            {
                values[i] = reader.ReadDouble();
            }

            axis.Add(point.TimeUs);
            Of(table._points, name).Add((point, values));
        }

        table.Axis = [.. axis];
        return table;
    }

    /// <summary>Single readings of a series.</summary>
    public IReadOnlyList<RawPoint> RawOf(SeriesName name) => _raw.TryGetValue(name, out var points) ? points : [];

    /// <summary>The columns of a series, with a place for each time of the axis.</summary>
    public void WriteOnAxis(Utf8JsonWriter writer, SeriesName name, IReadOnlyList<string> quantiles)
    {
        var points = _points.TryGetValue(name, out var found) ? found : [];
        writer.WriteStartObject("columns");
        foreach (var (column, get) in SeriesWriter.Columns)
        {
            Column(writer, column, points, (point, _) => get(point));
        }

        for (var i = 0; i < quantiles.Count; i++)
        {
            var index = i;
            Column(writer, quantiles[i], points, (_, values) => values[index]);
        }

        Column(writer, "count", points, static (point, _) => point.Count, missing: 0);
        writer.WriteEndObject();
    }

    private void Column(
        Utf8JsonWriter writer,
        string name,
        List<(SeriesPoint Point, double[] Quantiles)> points,
        Func<SeriesPoint, double[], double> get,
        double missing = double.NaN)
    {
        writer.WriteStartArray(name);
        var next = 0;
        foreach (var time in Axis)
        {
            var isThere = next < points.Count && points[next].Point.TimeUs == time;
            JsonValues.Number(writer, isThere ? get(points[next].Point, points[next].Quantiles) : missing);
            next += isThere ? 1 : 0;
        }

        writer.WriteEndArray();
    }

    private static List<T> Of<T>(Dictionary<SeriesName, List<T>> all, SeriesName name)
    {
        if (!all.TryGetValue(name, out var points))
        {
            all.Add(name, points = []);
        }

        return points;
    }
}
