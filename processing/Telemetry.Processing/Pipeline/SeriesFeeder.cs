using System.Text;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Devices;
using Telemetry.Processing.Incidents;
using Telemetry.Processing.Series;
using Telemetry.Processing.Watermarks;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// Gives new readings to the detectors of their series, in the order of time.
/// <para>
/// Not given: readings of bad quality and NaN (no measurement), those behind the watermark by more than the allowed lateness, and those of
/// sensors beyond the bound of a device. All of these are stored all the same, and counted here.
/// Given: infinities, readings of uncertain quality, late ones, and those of a clock that is wrong.
/// A reading older than its series' last one is one of two things. The device numbers its readings as it measures, so when its sequence is
/// the highest yet, its clock was set back: it is given at once, with a time that goes on (<see cref="SeriesHeader.ShiftUs"/>). Otherwise it was measured
/// before and comes late: it waits until its neighbours are there (<see cref="LateJudge"/>).
/// </para>
/// </summary>
internal sealed class SeriesFeeder(
    ProcessingOptions options, SeriesPool pool, SettingsTimeline timeline, PartitionWatermark watermark, IncidentTracker tracker, LateJudge lateJudge,
    ProcessingCounts counts)
{
    /// <summary>A gap is longer than so many intervals of its series, and than <see cref="GapLeastUs"/>.</summary>
    private const double GapIntervals = 8;

    private const long GapLeastUs = 2_000_000;

    private readonly long _latenessUs = Micros.From(options.AllowedLateness);
    private readonly long _holdOffUs = Micros.From(options.AlertHoldOff);
    private readonly long _repeatUs = Micros.From(options.AlertRepeat);
    private int[] _blocks = new int[16];
    private SensorProfile?[] _profiles = new SensorProfile?[16];
    private long _ingestUs;
    private long _nowMs;
    private long _watermarkUs;
    private ulong _newestSequence;
    private int _hint;

    /// <summary>Judged time of the newest reading given of the record in hand; <see cref="Micros.Never"/> when none was.</summary>
    public long NewestUs { get; private set; }

    /// <summary>Before the watermark takes the record: a batch does not make its own readings late.</summary>
    public void Begin(ReadingBatchBuffer batch, long ingestUs, long nowMs)
    {
        _ingestUs = ingestUs;
        _nowMs = nowMs;
        _watermarkUs = watermark.Current;
        _hint = 0;
        NewestUs = Micros.Never;
        if (_blocks.Length < batch.SensorCount)
        {
            _blocks = new int[batch.SensorCount];
            _profiles = new SensorProfile?[batch.SensorCount];
        }

        _blocks.AsSpan(0, batch.SensorCount).Fill(-1);
    }

    /// <summary>Before its sequences are taken: a reading with a higher one than any before was measured after all before.</summary>
    public void Order(DeviceState state, ulong boot) => _newestSequence = boot == state.Sequences.CurrentBoot
        ? state.Sequences.CurrentHighest
        : state.Sequences.Knows(boot) ? ulong.MaxValue : 0;

    public void Feed(ReadingBatchBuffer batch, int start, int count, DeviceState state, long offset)
    {
        var times = batch.EventTimes;
        var values = batch.Values;
        var qualities = batch.Qualities;
        for (var i = start; i < start + count; i++)
        {
            var value = values[i];
            if (qualities[i] == Contracts.Readings.Quality.Bad || double.IsNaN(value))
            {
                counts.Unusable++;
                continue;
            }

            var time = Micros.Bounded(times[i]);
            var isLate = IsLate(time);
            if (isLate && time < _watermarkUs - _latenessUs)
            {
                counts.TooLate++;
                state.Unjudged++;
                continue;
            }

            var at = GetBlock(batch, batch.SensorIndexes[i], state, offset, time);
            if (at < 0)
            {
                counts.NoRoom++;
                state.Unjudged++;
                continue;
            }

            var block = pool[at];
            ref var header = ref SeriesLayout.Header(block);
            if (time + header.ShiftUs < header.LastUs || header.ShiftUs != 0)
            {
                if (time < header.LastUs && batch.Sequence(i) <= _newestSequence)
                {
                    Hold(batch, i, state, time, value);
                    continue;
                }

                SetClock(ref header, time);
            }

            var judged = time + header.ShiftUs;
            if (header.LastUs != Micros.Never)
            {
                var elapsed = judged - header.LastUs;
                if (elapsed > GapLeastUs && header.IntervalUs > 0 && elapsed > GapIntervals * header.IntervalUs)
                {
                    lateJudge.Gap(state, batch.Sensor(batch.SensorIndexes[i]), at, _nowMs);
                }

                header.TakeInterval(elapsed);
            }

            header.LastUs = judged;
            NewestUs = Math.Max(NewestUs, judged);
            counts.Fed++;
            pool.BeginChange(at);
            try
            {
                Give(batch, i, state, at, value, judged, isLate);
            }
            finally
            {
                // Also what a detector that breaks has left behind.
                pool.EndChange(at);
            }
        }
    }

    private void Give(ReadingBatchBuffer batch, int i, DeviceState state, int at, double value, long judged, bool isLate)
    {
        var block = pool[at];
        var layout = pool.LayoutOf(at);
        for (var d = 0; d < layout.Detectors.Length; d++)
        {
            if (layout.Finders[d] is { } finder)
            {
                var verdict = finder.Watch(layout.State(block, d), value, judged, state.Profiles is null ? null : _profiles[batch.SensorIndexes[i]]);
                if (verdict.Phase != FindingPhase.None && !(verdict.Phase == FindingPhase.Opened && IsOutOfService(batch, i)))
                {
                    tracker.Found(state.Incidents ??= new DeviceIncidents(), at, d, verdict.Phase, SightOf(batch, i, isLate));
                }

                continue;
            }

            var result = layout.Detectors[d].Update(layout.State(block, d), value, judged);
            if (result.Mode == DetectorMode.Repaired)
            {
                counts.Repaired++;
            }

            if (result.Alert && !IsOutOfService(batch, i))
            {
                var isNew = OpensIncident(ref SeriesLayout.Hold(block, d), judged);
                tracker.Alerted(state.Incidents ??= new DeviceIncidents(), at, d, isNew, result, SightOf(batch, i, isLate));
            }
        }
    }

    private static Sight SightOf(ReadingBatchBuffer batch, int i, bool isLate) => new(
        batch.Sensor(batch.SensorIndexes[i]), Micros.Bounded(batch.EventTimes[i]), batch.Values[i], batch.BootId, batch.Sequence(i), isLate);

    /// <summary>Asked only where something would be raised.</summary>
    private bool IsOutOfService(ReadingBatchBuffer batch, int i)
    {
        if (timeline.Settings.OutOfService.Count == 0
            || !timeline.Settings.IsOutOfService(
                Encoding.ASCII.GetString(batch.Device), Encoding.ASCII.GetString(batch.Sensor(batch.SensorIndexes[i])), Micros.Bounded(batch.EventTimes[i])))
        {
            return false;
        }

        counts.OutOfService++;
        return true;
    }

    private bool IsLate(long time)
    {
        if (watermark.IsFuture(time, _ingestUs))
        {
            counts.Future++;
            return false;
        }

        if (time >= _watermarkUs)
        {
            return false;
        }

        counts.Late++;
        return true;
    }

    /// <summary>The device's clock is right again, or was set back (again): what it measured now comes after what it measured before.</summary>
    private static void SetClock(ref SeriesHeader header, long time)
    {
        if (time >= header.LastUs)
        {
            header.ShiftUs = 0;
        }
        else if (time + header.ShiftUs < header.LastUs)
        {
            header.ShiftUs = header.LastUs - time;
        }
    }

    private void Hold(ReadingBatchBuffer batch, int i, DeviceState state, long time, double value)
    {
        counts.Held++;
        lateJudge.Hold(state, batch.Device, batch.Sensor(batch.SensorIndexes[i]), time, batch.BootId, batch.Sequence(i), value, _nowMs);
    }

    private int GetBlock(ReadingBatchBuffer batch, int sensor, DeviceState state, long offset, long time)
    {
        if (_blocks[sensor] >= 0)
        {
            return _blocks[sensor];
        }

        if (state.Profiles is { } profiles)
        {
            _profiles[sensor] = profiles.Find(batch.Sensor(sensor));
        }

        var block = state.Series.GetBlock(batch.Device, batch.Sensor(sensor), ref _hint, offset, time, state.Incidents);
        if (batch.SensorCount <= pool.SeriesPerDeviceMax)
        {
            // With more sensors in the batch than a device may have, a block can change hands within the batch.
            _blocks[sensor] = block;
        }

        return block;
    }

    /// <summary>One record for one cause: alerts of an open incident only keep it open, and repeat it after a long time.</summary>
    private bool OpensIncident(ref AlertHold hold, long time)
    {
        var isNew = time >= hold.QuietAtUs || time - hold.ReportedUs >= _repeatUs;
        hold.QuietAtUs = time + _holdOffUs;
        if (!isNew)
        {
            counts.AlertsHeld++;
            return false;
        }

        hold.ReportedUs = time;
        return true;
    }
}
