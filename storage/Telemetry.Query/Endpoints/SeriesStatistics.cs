using System.Globalization;
using System.Text.Json;
using Telemetry.Query.Answers;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Endpoints;

/// <summary>A series whose figures are asked for.</summary>
/// <param name="Name">The series.</param>
/// <param name="Low">Lower limit, of which the share within limits is told; null: none.</param>
/// <param name="High">Upper limit; null: none.</param>
internal readonly record struct StatisticsSeries(SeriesName Name, double? Low, double? High);

/// <summary>Figures of every reading of series in a range, in one look at the store.</summary>
internal sealed class SeriesStatistics
{
    private const string Figures =
        "count(), countIf(quality = 1), countIf(quality = 2), countIf(NOT isFinite(value)), countIf(used), "
        + "countIf(used AND value >= arrayElement({lows:Array(Float64)}, at) AND value <= arrayElement({highs:Array(Float64)}, at)), toString(minIf(value, used)), toString(maxIf(value, used)), "
        + "toString(avgIf(value, used)), toString(stddevPopStableIf(value, used)), arrayMap(q -> toString(q), quantilesTDigestIf(0.05, 0.5, 0.95)(value, used))";

    private static readonly string[] Names = ["min", "max", "mean", "deviation", "p05", "p50", "p95"];

    private readonly Dictionary<int, JsonElement> _rows;
    private readonly IReadOnlyList<StatisticsSeries> _series;

    private SeriesStatistics(IReadOnlyList<StatisticsSeries> series, Dictionary<int, JsonElement> rows) => (_series, _rows) = (series, rows);

    /// <summary>Asks the store. A series without readings has figures of nothing.</summary>
    public static async Task<SeriesStatistics> ReadAsync(ApiRequest request, IReadOnlyList<StatisticsSeries> series, TimeRange range)
    {
        var filters = new Filters()
            .Is("(device, sensor) IN {series:Array(Tuple(String, String))}")
            .Within("event_time", range)
            .Value("series", EngineText.Pairs(series.Select(s => s.Name)))
            .Value("lows", Limits(series.Select(s => s.Low ?? double.NegativeInfinity)))
            .Value("highs", Limits(series.Select(s => s.High ?? double.PositiveInfinity)));
        var rows = JsonRows.Parse(await request.QueryAsync(
            $"SELECT at, {Figures} FROM (SELECT indexOf({{series:Array(Tuple(String, String))}}, (device, sensor)) AS at, value, quality, isFinite(value) AND quality != 2 AS used "
            + $"FROM readings_data {filters.Where}) GROUP BY at",
            filters.Values,
            "JSONCompactEachRow"));
        return new SeriesStatistics(series, rows.ToDictionary(row => (int)row[0].GetInt64() - 1));
    }

    /// <summary>Writes the figures of a series as properties.</summary>
    /// <param name="writer">Within an object.</param>
    /// <param name="index">Place of the series in the question.</param>
    public void Write(Utf8JsonWriter writer, int index)
    {
        JsonElement? found = _rows.TryGetValue(index, out var row) ? row : null;
        long Count(int column) => found is { } some ? some[column].GetInt64() : 0;
        var used = Count(5);
        writer.WriteNumber("readings", Count(1));
        writer.WriteNumber("uncertain", Count(2));
        writer.WriteNumber("bad", Count(3));
        writer.WriteNumber("notFinite", Count(4));
        writer.WriteNumber("used", used);
        var texts = found is { } known ? known.EnumerateArray().Skip(7).Take(4).Concat(known[11].EnumerateArray()).Select(text => text.GetString()!).ToArray() : [];
        for (var i = 0; i < Names.Length; i++)
        {
            JsonValues.Number(writer, Names[i], used > 0 ? EngineNumbers.Parse(texts[i]) : double.NaN);
        }

        var hasLimits = (_series[index].Low ?? _series[index].High) is not null;
        JsonValues.Number(writer, "within", used > 0 && hasLimits ? Count(6) / (double)used : double.NaN);
    }

    private static string Limits(IEnumerable<double> values) => "[" + string.Join(",", values.Select(value =>
        double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : value > 0 ? "inf" : "-inf")) + "]";
}
