using System.Text;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Series;
using Telemetry.Processing.Watermarks;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// Gives new readings to the detectors of their series.
/// <para>
/// Not given: readings of bad quality and NaN (no measurement), readings further behind the watermark than the allowed lateness,
/// and readings older than the series' last one: detectors take values in the order of time, and holding readings back to
/// sort them would delay every alert by the allowed disorder. All of these are stored all the same, and counted here.
/// Given: infinities, readings of uncertain quality, late ones within the lateness that are in order for their series, and those
/// of a clock ahead of time. When such a clock is put right, the series' time goes back once, and it goes on from there.
/// </para>
/// </summary>
internal sealed class SeriesFeeder(
    ProcessingOptions options, SeriesPool pool, SettingsTimeline timeline, PartitionWatermark watermark, ProcessingCounts counts)
{
    private readonly long _latenessUs = Micros.From(options.AllowedLateness);
    private readonly long _holdOffUs = Micros.From(options.AlertHoldOff);
    private readonly long _repeatUs = Micros.From(options.AlertRepeat);
    private int[] _blocks = new int[16];
    private long _ingestUs;
    private long _watermarkUs;
    private int _hint;

    /// <summary>Before the watermark takes the record: a batch does not make its own readings late.</summary>
    public void Begin(ReadingBatchBuffer batch, long ingestUs)
    {
        _ingestUs = ingestUs;
        _watermarkUs = watermark.Current;
        _hint = 0;
        if (_blocks.Length < batch.SensorCount)
        {
            _blocks = new int[batch.SensorCount];
        }

        _blocks.AsSpan(0, batch.SensorCount).Fill(-1);
    }

    public void Feed(ReadingBatchBuffer batch, int start, int count, SeriesSet series, OutputWriter output, long offset)
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
            if (IsTooLate(time))
            {
                continue;
            }

            var sensor = batch.SensorIndexes[i];
            var number = GetBlock(batch, sensor, series, offset);
            var block = pool[number];
            ref var last = ref SeriesLayout.LastEventTime(block);
            if (time < last && !watermark.IsFuture(last, _ingestUs))
            {
                counts.OutOfOrder++;
                continue;
            }

            last = time;
            counts.Fed++;
            var layout = pool.LayoutOf(number);
            var detectors = layout.Detectors;
            for (var d = 0; d < detectors.Length; d++)
            {
                var result = detectors[d].Update(layout.State(block, d), value, time);
                if (result.Mode == DetectorMode.Repaired)
                {
                    counts.Repaired++;
                }

                if (result.Alert && !IsOutOfService(batch, sensor, time) && OpensIncident(ref SeriesLayout.Hold(block, d), time))
                {
                    output.Anomaly(batch, i, detectors[d], result);
                }
            }
        }
    }

    /// <summary>Asked only where something would be raised.</summary>
    private bool IsOutOfService(ReadingBatchBuffer batch, int sensor, long time)
    {
        if (timeline.Settings.OutOfService.Count == 0
            || !timeline.Settings.IsOutOfService(Encoding.ASCII.GetString(batch.Device), Encoding.ASCII.GetString(batch.Sensor(sensor)), time))
        {
            return false;
        }

        counts.OutOfService++;
        return true;
    }

    private bool IsTooLate(long time)
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
        if (time >= _watermarkUs - _latenessUs)
        {
            return false;
        }

        counts.TooLate++;
        return true;
    }

    private int GetBlock(ReadingBatchBuffer batch, int sensor, SeriesSet series, long offset)
    {
        if (_blocks[sensor] >= 0)
        {
            return _blocks[sensor];
        }

        var block = series.GetBlock(batch.Device, batch.Sensor(sensor), ref _hint, offset);
        if (batch.SensorCount <= pool.SeriesPerDeviceMax)
        {
            // With more sensors in the batch than a device may have, a block changes hands within the batch.
            _blocks[sensor] = block;
        }

        return block;
    }

    /// <summary>One record for one cause: alerts of an open incident only keep it open, and repeat it after a long time.</summary>
    private bool OpensIncident(ref AlertHold hold, long time)
    {
        var isNew = time >= hold.QuietAtUs || time < hold.ReportedUs || time - hold.ReportedUs >= _repeatUs;
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
