using System.Globalization;

namespace Telemetry.Query.Series;

/// <summary>
/// Quantiles of the readings in each bucket, by t-digest: exact for few readings, within a percent of the rank for many. Rollups do not have them, so they are read from
/// raw.
/// </summary>
internal sealed class SeriesQuantiles
{
    private readonly string _list;

    /// <param name="values">Between 0 and 1.</param>
    public SeriesQuantiles(IReadOnlyList<double> values)
    {
        Names = [.. values.Select(NameOf)];
        _list = string.Join(", ", values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
    }

    /// <summary>Names of the columns: p50, p99_9.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>What a segment gives.</summary>
    public string Partial => $", quantilesTDigestStateIf({_list})(value, isFinite(value)) AS digest ";

    /// <summary>Columns of the answer, each with a comma before it.</summary>
    public string Columns(bool binary) => string.Concat(Names.Select((name, i) =>
    {
        var value = $"toFloat64(arrayElement(quantilesTDigestMerge({_list})(digest), {i + 1}))";
        return binary ? $", if(sum(finite) = 0, nan, {value}) AS {name}" : $", if(sum(finite) = 0, NULL, {value}) AS {name}";
    }));

    private static string NameOf(double value) =>
        "p" + Math.Round(value * 100, 4).ToString("0.####", CultureInfo.InvariantCulture).Replace('.', '_');
}
