using System.Diagnostics.Metrics;
using Telemetry.Streams;

namespace Telemetry.Bridge.Ingest;

/// <summary>What one publish adds to the counters once it is answered.</summary>
/// <param name="Readings">Readings stored.</param>
/// <param name="ReadingsRefused">Readings dead-lettered out of a batch whose others were stored.</param>
/// <param name="Cause">Cause of what was refused; null when nothing was.</param>
/// <param name="Format">protobuf or json.</param>
/// <param name="Whole">True when the whole publish was refused.</param>
internal readonly record struct PublishCounts(int Readings, int ReadingsRefused, string? Cause, string Format, bool Whole);

/// <summary>Totals since start.</summary>
/// <param name="Received">Publishes taken for an answer.</param>
/// <param name="Stored">Publishes in the log, whole or in part.</param>
/// <param name="Rejected">Publishes dead-lettered whole.</param>
/// <param name="Failed">Publishes neither stored nor dead-lettered; not acknowledged.</param>
/// <param name="ReadingsStored">Readings in the log.</param>
/// <param name="ReadingsRejected">Readings dead-lettered out of batches stored in part.</param>
public readonly record struct BridgeTotals(
    long Received, long Stored, long Rejected, long Failed, long ReadingsStored, long ReadingsRejected);

/// <summary>Meter "Telemetry.Bridge". Received = stored + rejected + failed + in flight, always.</summary>
internal sealed class BridgeMetrics : IDisposable
{
    private readonly Meter _meter = new("Telemetry.Bridge");
    private readonly TimeProvider _time;
    private readonly Counter<long> _received;
    private readonly Counter<long> _stored;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _readingsStored;
    private readonly Counter<long> _readingsRejected;
    private readonly Counter<long> _idsAssigned;
    private readonly Counter<long> _redelivered;
    private readonly Counter<long> _refusedForRoom;
    private readonly Counter<long> _lookAlikes;
    private readonly Counter<long> _passedOver;
    private readonly Counter<long> _conflicts;
    private readonly Histogram<double> _duration;
    private long _receivedTotal;
    private long _storedTotal;
    private long _rejectedTotal;
    private long _failedTotal;
    private long _readingsStoredTotal;
    private long _readingsRejectedTotal;

    public BridgeMetrics(TimeProvider time)
    {
        _time = time;
        _received = _meter.CreateCounter<long>("telemetry.bridge.publishes.received", "{publish}", "Publishes taken from the broker.");
        _stored = _meter.CreateCounter<long>("telemetry.bridge.publishes.stored", "{publish}", "Publishes durable in the log, by format.");
        _rejected = _meter.CreateCounter<long>("telemetry.bridge.publishes.rejected", "{publish}", "Publishes dead-lettered whole, by cause.");
        _failed = _meter.CreateCounter<long>("telemetry.bridge.publishes.failed", "{publish}", "Publishes the log did not take, by error; not acknowledged.");
        _readingsStored = _meter.CreateCounter<long>("telemetry.bridge.readings.stored", "{reading}", "Readings durable in the log.");
        _readingsRejected = _meter.CreateCounter<long>("telemetry.bridge.readings.rejected", "{reading}", "Readings dead-lettered while others of their batch were stored, by cause.");
        _idsAssigned = _meter.CreateCounter<long>("telemetry.bridge.ids.assigned", "{reading}", "Readings given an event id by the bridge: at-least-once.");
        _redelivered = _meter.CreateCounter<long>("telemetry.bridge.ids.assigned_again", "{reading}", "Of those, readings of publishes marked DUP: possibly stored twice.");
        _refusedForRoom = _meter.CreateCounter<long>("telemetry.bridge.publishes.held", "{publish}", "Times a publish had to wait because the log had no room.");
        _lookAlikes = _meter.CreateCounter<long>("telemetry.bridge.publishes.lookalike", "{publish}", "Publishes to topics that look like those of readings and are not.");
        _passedOver = _meter.CreateCounter<long>("telemetry.bridge.members.passed_over", "{member}", "Members of flat objects that are strings, null or arrays and so no readings.");
        _conflicts = _meter.CreateCounter<long>("telemetry.bridge.readings.conflicting", "{reading}", "Readings whose sender was told that their event id is another reading's.");
        _duration = _meter.CreateHistogram<double>("telemetry.bridge.append.duration", "s", "From taking a publish to its durability.");
    }

    public BridgeTotals Totals => new(
        Interlocked.Read(ref _receivedTotal),
        Interlocked.Read(ref _storedTotal),
        Interlocked.Read(ref _rejectedTotal),
        Interlocked.Read(ref _failedTotal),
        Interlocked.Read(ref _readingsStoredTotal),
        Interlocked.Read(ref _readingsRejectedTotal));

    public void Received()
    {
        Interlocked.Increment(ref _receivedTotal);
        _received.Add(1);
    }

    public void Held() => _refusedForRoom.Add(1);

    public void LookAlike() => _lookAlikes.Add(1);

    public void MembersPassedOver(int members) => _passedOver.Add(members);

    public void Conflicts(int readings) => _conflicts.Add(readings);

    public void IdsAssigned(int readings, bool duplicate)
    {
        _idsAssigned.Add(readings);
        if (duplicate)
        {
            _redelivered.Add(readings);
        }
    }

    public void Answered(in PublishCounts counts, long startedAt)
    {
        if (_duration.Enabled)
        {
            _duration.Record(_time.GetElapsedTime(startedAt).TotalSeconds);
        }

        if (counts.Whole)
        {
            Interlocked.Increment(ref _rejectedTotal);
            _rejected.Add(1, new KeyValuePair<string, object?>("cause", counts.Cause));
            return;
        }

        Interlocked.Increment(ref _storedTotal);
        Interlocked.Add(ref _readingsStoredTotal, counts.Readings);
        _stored.Add(1, new KeyValuePair<string, object?>("format", counts.Format));
        _readingsStored.Add(counts.Readings);
        if (counts.ReadingsRefused > 0)
        {
            Interlocked.Add(ref _readingsRejectedTotal, counts.ReadingsRefused);
            _readingsRejected.Add(counts.ReadingsRefused, new KeyValuePair<string, object?>("cause", counts.Cause));
        }
    }

    public void Failed(RecordLogError error)
    {
        Interlocked.Increment(ref _failedTotal);
        if (_failed.Enabled)
        {
            _failed.Add(1, new KeyValuePair<string, object?>("error", error.ToString()));
        }
    }

    public void Dispose() => _meter.Dispose();
}
