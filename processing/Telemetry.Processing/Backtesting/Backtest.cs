using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Processing.Pipeline;
using Telemetry.Processing.Settings;
using Telemetry.Streams;

namespace Telemetry.Processing.Backtesting;

/// <summary>
/// What processing with these settings would have said of records of the past: the same code as the live path, nothing written.
/// Records of one partition must come in order. Not safe for concurrent use.
/// </summary>
public sealed class Backtest
{
    private const int OutputBytesMax = 1 << 20;

    private readonly ProcessingOptions _options;
    private readonly long _fromUs;
    private readonly long _toUs;
    private readonly int _incidentsMax;
    private readonly DetectorSettings? _settings;
    private readonly Dictionary<int, PartitionProcessor> _processors = [];
    private readonly Dictionary<(string Detector, AnomalyKind Kind), long> _byDetector = [];
    private readonly Dictionary<(string Device, string Sensor), long> _bySeries = [];
    private readonly List<Anomaly> _incidents = [];
    private OutputBatch _empty = new();
    private long _count;
    private long _records;
    private long _readings;
    private long _series;
    private long _warmUp;

    /// <param name="options">Settings, with the detectors to try.</param>
    /// <param name="fromUs">Incidents before this event time only warm the detectors up; microseconds since 1970.</param>
    /// <param name="toUs">Incidents from this event time on are left out.</param>
    /// <param name="incidentsMax">Incidents kept for the report; all are counted.</param>
    /// <param name="settings">Settings to try; null: the default set everywhere.</param>
    public Backtest(ProcessingOptions options, long fromUs, long toUs, int incidentsMax, DetectorSettings? settings = null)
    {
        (_options, _fromUs, _toUs, _incidentsMax, _settings) = (options, fromUs, toUs, incidentsMax, settings);
    }

    /// <summary>Told of each anomaly as it is made, warm-up included.</summary>
    public event Action<Anomaly>? AnomalyRaised;

    /// <summary>Told of each record of an incident as it is made, warm-up included.</summary>
    public event Action<Incident>? IncidentWritten;

    /// <summary>Takes one record of readings.</summary>
    public void Take(in LogRecord record)
    {
        if (!_processors.TryGetValue(record.Partition, out var processor))
        {
            processor = new PartitionProcessor(_options, new TopicPartition(record.Topic, record.Partition));
            processor.Table.CompleteLoad();
            processor.RestorePartition([]);
            processor.Table.CompleteReplay();
            if (_settings is not null)
            {
                processor.Settings.Add(long.MinValue, 1, _settings);
            }

            _processors.Add(record.Partition, processor);
        }

        _records++;
        processor.Process(record);
        if (processor.Outputs.Bytes >= OutputBytesMax)
        {
            Collect(processor);
        }
    }

    /// <summary>No more records come of a partition: what its detectors remember is let go.</summary>
    public void EndPartition(int partition)
    {
        if (_processors.Remove(partition, out var processor))
        {
            Collect(processor);
            _readings += processor.Counts.Fed;
            _series += processor.Pool.Count;
        }
    }

    /// <summary>What was found.</summary>
    public BacktestReport Complete()
    {
        foreach (var partition in _processors.Keys.ToList())
        {
            EndPartition(partition);
        }

        return new BacktestReport
        {
            Records = _records,
            Readings = _readings,
            Series = _series,
            Incidents = _count,
            WarmUpIncidents = _warmUp,
            ByDetector = [.. _byDetector.OrderByDescending(p => p.Value).Select(p => (p.Key.Detector, p.Key.Kind, p.Value))],
            BySeries = [.. _bySeries.OrderByDescending(p => p.Value).ThenBy(p => p.Key).Select(p => (p.Key.Device, p.Key.Sensor, p.Value))],
            First = _incidents,
        };
    }

    private void Collect(PartitionProcessor processor)
    {
        var outputs = processor.TakeOutputs(_empty);
        for (var i = 0; i < outputs.Count; i++)
        {
            outputs.Get(i, out var topic, out _, out var value);
            if (topic == LogTopics.Anomalies)
            {
                var anomaly = Anomaly.Parser.ParseFrom(value[ConfluentFrame.HeaderBytes..]);
                Count(anomaly);
                AnomalyRaised?.Invoke(anomaly);
            }
            else if (topic == LogTopics.Incidents)
            {
                IncidentWritten?.Invoke(Incident.Parser.ParseFrom(value[ConfluentFrame.HeaderBytes..]));
            }
        }

        outputs.Clear();
        _empty = outputs;
    }

    private void Count(Anomaly anomaly)
    {
        if (anomaly.EventTimeUs < _fromUs || anomaly.EventTimeUs >= _toUs)
        {
            _warmUp++;
            return;
        }

        _count++;
        Add(_byDetector, (anomaly.Detector, anomaly.Kind));
        Add(_bySeries, (anomaly.Device, anomaly.Sensor));
        if (_incidents.Count < _incidentsMax)
        {
            _incidents.Add(anomaly);
        }
    }

    private static void Add<TKey>(Dictionary<TKey, long> counts, TKey key)
        where TKey : notnull => counts[key] = counts.GetValueOrDefault(key) + 1;
}

/// <summary>Result of a backtest.</summary>
public sealed record BacktestReport
{
    /// <summary>Records taken, the warm-up included.</summary>
    public long Records { get; init; }

    /// <summary>Readings given to detectors, the warm-up included.</summary>
    public long Readings { get; init; }

    /// <summary>Series (device and sensor) watched.</summary>
    public long Series { get; init; }

    /// <summary>Times it would have fired.</summary>
    public long Incidents { get; init; }

    /// <summary>Times it fired outside of the span asked for; not in <see cref="Incidents"/>.</summary>
    public long WarmUpIncidents { get; init; }

    public IReadOnlyList<(string Detector, AnomalyKind Kind, long Count)> ByDetector { get; init; } = [];

    /// <summary>Most frequent first.</summary>
    public IReadOnlyList<(string Device, string Sensor, long Count)> BySeries { get; init; } = [];

    /// <summary>The first incidents found, as many as were asked for.</summary>
    public IReadOnlyList<Anomaly> First { get; init; } = [];
}
