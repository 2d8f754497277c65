using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Telemetry.Host.Metrics;

/// <summary>
/// Listens to every meter of ours and keeps the newest figure of each instrument and tag set, for <c>/metrics</c>, the
/// live view and the reports. Counters and histograms add up; gauges keep the last value. Tag sets an instrument are
/// bounded; what is beyond is counted in <see cref="Overflow"/>.
/// </summary>
internal sealed class MetricsRegistry : IDisposable
{
    private const int SeriesPerInstrumentMax = 2000;

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, InstrumentSeries> _instruments = new();
    private readonly Meter _meter = new("Telemetry.Host");
    private readonly Lock _observing = new();
    private long _overflow;

    public MetricsRegistry()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Telemetry.", StringComparison.Ordinal)
                || instrument.Meter.Name == "System.Runtime")
            {
                listener.EnableMeasurementEvents(instrument, _instruments.GetOrAdd(instrument, i => new InstrumentSeries(i)));
            }
        };
        _listener.MeasurementsCompleted = (instrument, _) => _instruments.TryRemove(instrument, out var _);
        _listener.SetMeasurementEventCallback<byte>((_, m, tags, state) => Measure(m, tags, state));
        _listener.SetMeasurementEventCallback<short>((_, m, tags, state) => Measure(m, tags, state));
        _listener.SetMeasurementEventCallback<int>((_, m, tags, state) => Measure(m, tags, state));
        _listener.SetMeasurementEventCallback<long>((_, m, tags, state) => Measure(m, tags, state));
        _listener.SetMeasurementEventCallback<float>((_, m, tags, state) => Measure(m, tags, state));
        _listener.SetMeasurementEventCallback<double>((_, m, tags, state) => Measure(m, tags, state));
        _listener.SetMeasurementEventCallback<decimal>((_, m, tags, state) => Measure((double)m, tags, state));
        _listener.Start();
        _meter.CreateObservableCounter(
            "telemetry.metrics.dropped", () => Overflow, "{measurement}", "Measurements not kept because an instrument had too many tag sets.");
    }

    /// <summary>Measurements not kept because an instrument had too many tag sets.</summary>
    public long Overflow => Volatile.Read(ref _overflow);

    /// <summary>Instruments with their series, gauges read afresh.</summary>
    public IReadOnlyList<InstrumentSeries> Collect()
    {
        Refresh();
        return [.. _instruments.Values.OrderBy(s => s.Instrument.Name, StringComparer.Ordinal)];
    }

    /// <summary>Sum of an instrument over its series, or over those having tag <paramref name="tag"/>; 0 when unknown.</summary>
    public double Sum(string instrument, string? tag = null, string? value = null)
    {
        var sum = 0.0;
        foreach (var series in _instruments.Values)
        {
            if (series.Instrument.Name == instrument)
            {
                sum += series.Sum(tag, value);
            }
        }

        return sum;
    }

    /// <summary>Bucket counts of a histogram over all its series; empty when unknown.</summary>
    public long[] Buckets(string instrument)
    {
        var counts = new long[MetricSeries.Bounds.Length + 1];
        foreach (var series in _instruments.Values.Where(s => s.Instrument.Name == instrument).SelectMany(s => s.Series))
        {
            for (var i = 0; i < series.Buckets.Count; i++)
            {
                counts[i] += series.Buckets[i];
            }
        }

        return counts;
    }

    /// <summary>Reads the observable instruments afresh; series they do not report any more are gone.</summary>
    public void Refresh()
    {
        lock (_observing)
        {
            foreach (var series in _instruments.Values)
            {
                series.BeginObserving();
            }

            _listener.RecordObservableInstruments();
            foreach (var series in _instruments.Values)
            {
                series.EndObserving();
            }
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
    }

    private void Measure(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        if (state is InstrumentSeries series && !series.TryRecord(value, tags, SeriesPerInstrumentMax))
        {
            Interlocked.Increment(ref _overflow);
        }
    }
}
