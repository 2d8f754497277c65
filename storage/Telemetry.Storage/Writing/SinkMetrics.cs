using System.Diagnostics.Metrics;
using Telemetry.Contracts.Measurement;

namespace Telemetry.Storage.Writing;

/// <summary>Counters of the sink; meter "Telemetry.Storage".</summary>
internal sealed class SinkMetrics : IDisposable
{
    private readonly Meter _meter = new("Telemetry.Storage");
    private readonly Counter<long> _rowsIn;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _deleted;
    private readonly Counter<long> _conflicts;
    private readonly Counter<long> _deadLettered;
    private readonly Counter<long> _stored;
    private readonly Counter<long> _rolledUp;
    private readonly Counter<long> _refilled;
    private readonly Counter<long> _restarts;
    private readonly Counter<long> _damagedParts;
    private readonly Counter<long> _mergedMonths;
    private readonly Histogram<double> _insert;
    private readonly Histogram<double> _endToEnd;

    public SinkMetrics()
    {
        _rowsIn = _meter.CreateCounter<long>("telemetry.storage.readings.in", "{reading}", "Readings taken from the log.");
        _deleted = _meter.CreateCounter<long>("telemetry.storage.rows.deleted", "{row}", "Readings and events on the log that are not stored again: their device was deleted.");
        _duplicates = _meter.CreateCounter<long>("telemetry.storage.readings.duplicates", "{reading}", "Readings dropped because they were seen before.");
        _conflicts = _meter.CreateCounter<long>("telemetry.storage.readings.conflicts", "{reading}", "Readings put aside because their event id was another reading's.");
        _deadLettered = _meter.CreateCounter<long>("telemetry.storage.dead_letters", "{reading}", "Readings, or whole undecodable records, put aside.");
        _stored = _meter.CreateCounter<long>("telemetry.storage.readings.stored", "{reading}", "Readings in acknowledged raw inserts.");
        _rolledUp = _meter.CreateCounter<long>("telemetry.storage.readings.rolled_up", "{reading}", "Readings in acknowledged rollup inserts.");
        _refilled = _meter.CreateCounter<long>("telemetry.storage.readings.refilled", "{reading}", "Readings inserted into a table by recovery.");
        _restarts = _meter.CreateCounter<long>("telemetry.storage.restarts", "{restart}", "Times the sink started again after an error.");
        _damagedParts = _meter.CreateCounter<long>("telemetry.storage.parts.damaged", "{part}", "Parts found broken and detached.");
        _mergedMonths = _meter.CreateCounter<long>("telemetry.storage.months.merged", "{partition}", "Months (years, of days) of a table that were over and have been merged to one part.");
        _insert = _meter.CreateHistogram<double>("telemetry.storage.insert.duration", "s", "Duration of an INSERT, by target.");
        _endToEnd = _meter.CreateHistogram<double>("telemetry.e2e.latency", "s", "Event time to queryable row, one sample a record; of a record that its sender held back for more than 10 s, arrival to queryable row.");
    }

    /// <summary>Event time to queryable row; of a record that its sender held back for more than 10 s, arrival to queryable row.</summary>
    public LatencyHistogram EndToEnd { get; } = new();

    public void RowsIn(long count) => _rowsIn.Add(count);

    public void Deleted(long count) => _deleted.Add(count);

    public void Duplicates(long count) => _duplicates.Add(count);

    public void Conflicts(long count)
    {
        if (count > 0)
        {
            _conflicts.Add(count);
        }
    }

    public void MonthMerged() => _mergedMonths.Add(1);

    public void DeadLettered(long count) => _deadLettered.Add(count);

    public void Stored(long count) => _stored.Add(count);

    public void RolledUp(long count) => _rolledUp.Add(count);

    public void Refilled(long count) => _refilled.Add(count);

    public void Restarted() => _restarts.Add(1);

    public void PartDamaged() => _damagedParts.Add(1);

    public void Inserted(string target, TimeSpan duration) =>
        _insert.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("target", target));

    public void Queryable(long microseconds, int readings)
    {
        EndToEnd.RecordMicroseconds(microseconds, readings);
        _endToEnd.Record(Math.Max(0, microseconds) / 1e6);
    }

    public ObservableGauge<double> ObserveLag(Func<IEnumerable<Measurement<double>>> lag) =>
        _meter.CreateObservableGauge("telemetry.storage.lag", lag, "s", "Age of the oldest record consumed and not yet durable everywhere, by partition.");

    public ObservableGauge<long> ObserveNotChecked(Func<long> parts) => _meter.CreateObservableGauge(
        "telemetry.storage.parts.not_checked", parts, "{part}", "Parts that could not be read back, for a reason other than damage; they are tried again.");

    public void Dispose() => _meter.Dispose();
}
