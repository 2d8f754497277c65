using System.Globalization;

namespace Telemetry.Query.Series;

/// <summary>
/// Quantiles of the readings in each bucket. From raw by t-digest: exact for few readings, within a percent of the rank for many. From the hour and day rollups, which
/// keep a sketch, each within about 3 % of its value; minutes keep none.
/// </summary>
internal sealed class SeriesQuantiles
{
    /// <summary>Of the rollups' sketches; another one could not be merged with them.</summary>
    private const string Accuracy = "0.01";

    private readonly string _list;
    private readonly bool _sketched;

    /// <param name="values">Between 0 and 1.</param>
    /// <param name="sketched">True: some segments are rollups.</param>
    public SeriesQuantiles(IReadOnlyList<double> values, bool sketched)
    {
        Names = [.. values.Select(NameOf)];
        _list = string.Join(", ", values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
        _sketched = sketched;
    }

    /// <summary>Names of the columns: p50, p99_9.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>What a segment gives.</summary>
    public string Partial(SeriesSource source) => source != SeriesSource.Raw ? $", quantilesDDMergeState({Accuracy}, {_list})(q) AS digest "
        : _sketched ? $", quantilesDDStateIf({Accuracy}, {_list})(if(abs(value) < 1e-12, 0., least(greatest(value, -1e18), 1e18)), isFinite(value)) AS digest "
        : $", quantilesTDigestStateIf({_list})(value, isFinite(value)) AS digest ";

    /// <summary>Columns of the answer, each with a comma before it.</summary>
    public string Columns(bool binary)
    {
        var merged = _sketched ? $"quantilesDDMerge({Accuracy}, {_list})(digest)" : $"quantilesTDigestMerge({_list})(digest)";
        return string.Concat(Names.Select((name, i) =>
            $", if(sum(finite) = 0, {(binary ? "nan" : "NULL")}, toFloat64(arrayElement({merged}, {i + 1}))) AS {name}"));
    }

    private static string NameOf(double value) =>
        "p" + Math.Round(value * 100, 4).ToString("0.####", CultureInfo.InvariantCulture).Replace('.', '_');
}
