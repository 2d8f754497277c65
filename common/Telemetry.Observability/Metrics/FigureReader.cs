using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Telemetry.Observability.Metrics;

/// <summary>
/// Totals over all series of our instruments, for the process's own use: the live view, <c>/api/v1/pipeline</c> and the report
/// need a dozen of them each second. A counter adds up, a gauge is the sum of what it reported last, a histogram is counted in
/// the buckets of <see cref="LatencyBounds"/>. Recording takes an interlocked addition and allocates nothing.
/// </summary>
public sealed class FigureReader : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Figure> _figures = new(StringComparer.Ordinal);
    private readonly Lock _observing = new();

    public FigureReader()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith(MeterNames.Prefix, StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument, _figures.GetOrAdd(instrument.Name, static (_, i) => Figure.Of(i), instrument));
            }
        };
        _listener.SetMeasurementEventCallback<byte>(static (_, value, _, figure) => ((Figure)figure!).Record(value));
        _listener.SetMeasurementEventCallback<short>(static (_, value, _, figure) => ((Figure)figure!).Record(value));
        _listener.SetMeasurementEventCallback<int>(static (_, value, _, figure) => ((Figure)figure!).Record(value));
        _listener.SetMeasurementEventCallback<long>(static (_, value, _, figure) => ((Figure)figure!).Record(value));
        _listener.SetMeasurementEventCallback<float>(static (_, value, _, figure) => ((Figure)figure!).Record(value));
        _listener.SetMeasurementEventCallback<double>(static (_, value, _, figure) => ((Figure)figure!).Record(value));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, _, figure) => ((Figure)figure!).Record((double)value));
        _listener.Start();
    }

    /// <summary>Asks the observable instruments for their values of now.</summary>
    public void Refresh()
    {
        lock (_observing)
        {
            foreach (var figure in _figures.Values)
            {
                figure.BeginObserving();
            }

            _listener.RecordObservableInstruments();
        }
    }

    /// <summary>Sum of an instrument over its series; 0 when unknown.</summary>
    public double Sum(string instrument) => _figures.TryGetValue(instrument, out var figure) ? figure.Sum : 0;

    /// <summary>Counts of a histogram by bucket, over its series; all 0 when unknown.</summary>
    public long[] Buckets(string instrument) =>
        _figures.TryGetValue(instrument, out var figure) && figure.Buckets is { } buckets
            ? [.. buckets]
            : new long[LatencyBounds.Seconds.Length + 1];

    public void Dispose() => _listener.Dispose();

    private sealed class Figure(bool isObservable, bool isHistogram)
    {
        private double _sum;

        public double Sum => Volatile.Read(ref _sum);

        /// <summary>Null: not a histogram.</summary>
        public long[]? Buckets { get; } = isHistogram ? new long[LatencyBounds.Seconds.Length + 1] : null;

        public static Figure Of(Instrument instrument)
        {
            var type = instrument.GetType();
            return new Figure(instrument.IsObservable, type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Histogram<>));
        }

        /// <summary>What an observable instrument reports is its value, not a change.</summary>
        public void BeginObserving()
        {
            if (isObservable)
            {
                Volatile.Write(ref _sum, 0);
            }
        }

        public void Record(double value)
        {
            if (Buckets is { } buckets)
            {
                Interlocked.Increment(ref buckets[LatencyBounds.IndexOf(value)]);
            }

            var seen = Volatile.Read(ref _sum);
            while (true)
            {
                var found = Interlocked.CompareExchange(ref _sum, seen + value, seen);
                if (found.Equals(seen))
                {
                    return;
                }

                seen = found;
            }
        }
    }
}
