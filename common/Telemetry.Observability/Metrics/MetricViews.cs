using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Telemetry.Observability.Metrics;

/// <summary>Buckets and limits of the instruments, and which of them are not served.</summary>
internal static class MetricViews
{
    public static MetricStreamConfiguration Of(Instrument instrument, int seriesMax, int foreignSeriesMax)
    {
        if (!instrument.Meter.Name.StartsWith(MeterNames.Prefix, StringComparison.Ordinal))
        {
            return new MetricStreamConfiguration { CardinalityLimit = foreignSeriesMax };
        }

        var type = instrument.GetType();
        return type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Histogram<>)
            ? new ExplicitBucketHistogramConfiguration
            {
                Boundaries = LatencyBounds.Seconds.ToArray(),
                RecordMinMax = false,
                CardinalityLimit = seriesMax,
            }
            : new MetricStreamConfiguration { CardinalityLimit = seriesMax };
    }
}
