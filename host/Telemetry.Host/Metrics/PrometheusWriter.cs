using System.Globalization;
using System.Text;

namespace Telemetry.Host.Metrics;

/// <summary>
/// Writes instruments in Prometheus' text format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/): dots become underscores, units and <c>_total</c> are
/// appended as OpenTelemetry's Prometheus mapping does.
/// </summary>
internal static class PrometheusWriter
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IReadOnlyList<InstrumentSeries> instruments)
    {
        var text = new StringBuilder(16 * 1024);
        foreach (var group in instruments.GroupBy(Name, StringComparer.Ordinal))
        {
            var first = group.First();
            text.Append("# HELP ").Append(group.Key).Append(' ').AppendLine(Escape(first.Instrument.Description ?? first.Instrument.Name, quote: false));
            text.Append("# TYPE ").Append(group.Key).Append(' ').AppendLine(TypeOf(first));
            foreach (var series in group.SelectMany(i => i.Series))
            {
                WriteSeries(text, group.Key, first.Kind, series);
            }
        }

        return text.ToString();
    }

    private static void WriteSeries(StringBuilder text, string name, MetricKind kind, MetricSeries series)
    {
        if (kind != MetricKind.Histogram)
        {
            Line(text, name, series, null, series.Value);
            return;
        }

        var cumulative = 0L;
        for (var i = 0; i < series.Buckets.Count; i++)
        {
            cumulative += series.Buckets[i];
            var bound = i < MetricSeries.Bounds.Length ? Number(MetricSeries.Bounds[i]) : "+Inf";
            Line(text, name + "_bucket", series, bound, cumulative);
        }

        Line(text, name + "_sum", series, null, series.Value);
        Line(text, name + "_count", series, null, cumulative);
    }

    private static void Line(StringBuilder text, string name, MetricSeries series, string? bound, double value)
    {
        text.Append(name);
        if (series.Tags.Count > 0 || bound is not null)
        {
            text.Append('{');
            var separator = "";
            foreach (var (key, tag) in series.Tags)
            {
                text.Append(separator).Append(Sanitize(key)).Append("=\"")
                    .Append(Escape(Convert.ToString(tag, CultureInfo.InvariantCulture) ?? "", quote: true)).Append('"');
                separator = ",";
            }

            if (bound is not null)
            {
                text.Append(separator).Append("le=\"").Append(bound).Append('"');
            }

            text.Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Name(InstrumentSeries instrument)
    {
        var name = Sanitize(instrument.Instrument.Name);
        var unit = instrument.Instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        if (unit.Length > 0 && !name.EndsWith(unit, StringComparison.Ordinal))
        {
            name += unit;
        }

        return Kinds.IsMonotonic(instrument.Instrument) ? name + "_total" : name;
    }

    private static string TypeOf(InstrumentSeries instrument) =>
        instrument.Kind == MetricKind.Histogram ? "histogram" : Kinds.IsMonotonic(instrument.Instrument) ? "counter" : "gauge";

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    /// <summary>A name of ours in Prometheus' alphabet, without unit and suffix.</summary>
    public static string Sanitize(string name)
    {
        var characters = name.ToCharArray();
        for (var i = 0; i < characters.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(characters[i]) && characters[i] != '_')
            {
                characters[i] = '_';
            }
        }

        return new string(characters);
    }

    private static string Escape(string text, bool quote)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quote ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}
