using System.Globalization;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Series;

/// <summary>
/// Quantiles of the readings in each bucket. From raw by t-digest: exact for few readings, within a percent of the rank for many. From the days, which
/// keep a sketch, each within about 3 % of its value; minutes keep none, and hours only those of a store that an earlier version has filled. A
/// bucket with readings of which no sketch knows has no quantiles.
/// </summary>
internal sealed class SeriesQuantiles
{
    /// <summary>Of the rollups' sketches; another one could not be merged with them.</summary>
    private const string Accuracy = "0.01";

    private readonly string _list;
    private readonly bool _sketched;

    /// <param name="values">Between 0 and 1.</param>
    /// <param name="sketched">True: some segments are rollups, see <see cref="Segments"/>.</param>
    public SeriesQuantiles(IReadOnlyList<double> values, bool sketched)
    {
        Names = [.. values.Select(NameOf)];
        _list = string.Join(", ", values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
        _sketched = sketched;
    }

    /// <summary>Names of the columns: p50, p99_9.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>What a segment gives.</summary>
    public string Partial(SeriesSource source) => source switch
    {
        SeriesSource.Day => $", quantilesDDMergeState({Accuracy}, {_list})(q) AS digest, sum(n_finite) AS digested ",
        SeriesSource.Hour => $", quantilesDDMergeState({Accuracy}, {_list})(q) AS digest, sum(n_sketched) AS digested ",
        _ when _sketched =>
            $", quantilesDDStateIf({Accuracy}, {_list})(if(abs(value) < 1e-12, 0., least(greatest(value, -1e18), 1e18)), isFinite(value)) AS digest, countIf(isFinite(value)) AS digested ",
        _ => $", quantilesTDigestStateIf({_list})(value, isFinite(value)) AS digest, countIf(isFinite(value)) AS digested ",
    };

    /// <summary>Where quantiles are taken from: days where the plan has them, else raw, and hours where raw no longer has everything.</summary>
    /// <param name="planned">Segments of a plan for what the rollups hold otherwise.</param>
    /// <param name="held">From when on each table is complete.</param>
    public static IReadOnlyList<SeriesSegment> Segments(IReadOnlyList<SeriesSegment> planned, HeldSince held)
    {
        var segments = new List<SeriesSegment>(planned.Count + 1);
        foreach (var (source, range) in planned)
        {
            if (source is SeriesSource.Raw or SeriesSource.Day)
            {
                Add(segments, source, range);
                continue;
            }

            var split = source == SeriesSource.Hour ? Math.Clamp(TimeRange.Ceiling(held.Raw, Step.Hour), range.From, range.To) : range.From;
            Add(segments, SeriesSource.Hour, new TimeRange(range.From, split));
            Add(segments, SeriesSource.Raw, new TimeRange(split, range.To));
        }

        return segments;
    }

    /// <summary>Columns of the answer, each with a comma before it.</summary>
    public string Columns(bool binary)
    {
        var merged = _sketched ? $"quantilesDDMerge({Accuracy}, {_list})(digest)" : $"quantilesTDigestMerge({_list})(digest)";
        return string.Concat(Names.Select((name, i) =>
            $", if(sum(finite) = 0 OR sum(digested) < sum(finite), {(binary ? "nan" : "NULL")}, toFloat64(arrayElement({merged}, {i + 1}))) AS {name}"));
    }

    /// <summary>Behind what is there; two that meet in one table are one.</summary>
    private static void Add(List<SeriesSegment> segments, SeriesSource source, TimeRange range)
    {
        if (range.From >= range.To)
        {
            return;
        }

        if (segments.Count > 0 && segments[^1].Source == source)
        {
            segments[^1] = new SeriesSegment(source, new TimeRange(segments[^1].Range.From, range.To));
            return;
        }

        segments.Add(new SeriesSegment(source, range));
    }

    private static string NameOf(double value) =>
        "p" + Math.Round(value * 100, 4).ToString("0.####", CultureInfo.InvariantCulture).Replace('.', '_');
}
