using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Telemetry.Host.Metrics;

/// <summary>The series of one instrument, one for each set of tags.</summary>
internal sealed class InstrumentSeries(Instrument instrument)
{
    private readonly ConcurrentDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private readonly MetricSeries _untagged = new([], Kinds.Of(instrument));
    private int _untaggedUsed;
    private int _round;

    public Instrument Instrument { get; } = instrument;

    public MetricKind Kind { get; } = Kinds.Of(instrument);

    public IEnumerable<MetricSeries> Series =>
        _untaggedUsed != 0 ? _series.Values.Prepend(_untagged) : _series.Values;

    /// <summary>Before an observable instrument is asked for its values.</summary>
    public void BeginObserving() => _round++;

    /// <summary>Afterwards: what it did not report in this round (a partition that went elsewhere) is not true any more.</summary>
    public void EndObserving()
    {
        if (!Instrument.IsObservable)
        {
            return;
        }

        foreach (var (key, series) in _series)
        {
            if (series.Round != _round)
            {
                _series.TryRemove(key, out _);
            }
        }
    }

    public bool TryRecord(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, int seriesMax)
    {
        if (tags.IsEmpty)
        {
            _untaggedUsed = 1;
            _untagged.Record(value);
            return true;
        }

        var key = Key(tags);
        if (!_series.TryGetValue(key, out var series))
        {
            if (_series.Count >= seriesMax)
            {
                return false;
            }

            series = _series.GetOrAdd(key, static (_, state) => new MetricSeries(state.Tags, state.Kind), (Tags: tags.ToArray(), Kind));
        }

        series.Record(value);
        series.Round = _round;
        return true;
    }

    public double Sum(string? tag, string? value)
    {
        var sum = 0.0;
        foreach (var series in Series)
        {
            if (tag is null || series.Has(tag, value))
            {
                sum += series.Value;
            }
        }

        return sum;
    }

    private static string Key(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 1 && tags[0].Value is string single)
        {
            return single;
        }

        var key = new StringBuilder();
        foreach (var (_, value) in tags)
        {
            key.Append(Convert.ToString(value, CultureInfo.InvariantCulture)).Append('\n');
        }

        return key.ToString();
    }
}

/// <summary>How figures of an instrument combine.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

internal static class Kinds
{
    public static MetricKind Of(Instrument instrument)
    {
        var type = instrument.GetType();
        var name = type.IsGenericType ? type.GetGenericTypeDefinition().Name : type.Name;
        return name switch
        {
            "Counter`1" => MetricKind.Counter,
            "UpDownCounter`1" => MetricKind.Counter,
            "Histogram`1" => MetricKind.Histogram,
            _ => MetricKind.Gauge,
        };
    }

    /// <summary>True when the value only grows, so that Prometheus may take rates of it.</summary>
    public static bool IsMonotonic(Instrument instrument)
    {
        var name = instrument.GetType().Name;
        return name is "Counter`1" or "ObservableCounter`1";
    }
}
