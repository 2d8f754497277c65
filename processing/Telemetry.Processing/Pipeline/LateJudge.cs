using System.Text;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Devices;
using Telemetry.Processing.Incidents;
using Telemetry.Processing.Series;
using Telemetry.Processing.Watermarks;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// Judges readings that came after newer ones of their series: what a site kept while it was offline, in any order. They wait until no more
/// come, and are then given, in the order of time, to copies of their series' detectors: as these were before the gap, or when there was no gap,
/// as they are now. The live state is not touched, so that live readings need not wait. What they show is written as incidents marked late, each
/// once, when all is judged. Bounded: with its share of memory full a device's readings are judged at once.
/// </summary>
internal sealed class LateJudge(
    ProcessingOptions options, SeriesPool pool, SettingsTimeline timeline, SensorNames names, IncidentTracker tracker, ProcessingCounts counts)
{
    private readonly int _readingsMax = Math.Max(1, options.LateBytesPerDeviceMax / LateReading.Bytes);
    private readonly long _keepMs = (long)options.LateWaitMax.TotalMilliseconds;

    /// <summary>Before the first reading after a gap of its series: what the gap held may still come.</summary>
    public void Gap(DeviceState state, ReadOnlySpan<byte> sensor, int block, long nowMs)
    {
        var late = state.Late ??= new LateReadings(pool);
        if (late.Readings.Count > 0 && late.CopyOf(sensor) >= 0)
        {
            // Readings of the gap before wait: they need that copy.
            return;
        }

        late.Copy(names.Intern(sensor), block);
        late.KeepUntilMs = nowMs + _keepMs;
    }

    /// <summary>A reading has to wait.</summary>
    public void Hold(DeviceState state, ReadOnlySpan<byte> device, ReadOnlySpan<byte> sensor, long timeUs, ulong boot, ulong sequence, double value, long nowMs)
    {
        var late = state.Late ??= new LateReadings(pool);
        if (late.Readings.Count == 0)
        {
            late.FirstMs = nowMs;
        }

        late.LastMs = nowMs;
        late.Add(new LateReading(names.Intern(sensor), timeUs, boot, sequence, value));
        if (late.Readings.Count >= _readingsMax)
        {
            Judge(state, device, nowMs);
        }
    }

    /// <summary>The wait is over: judges what waits, or lets the copies go.</summary>
    public void Expire(DeviceState state, ReadOnlySpan<byte> device, long nowMs)
    {
        if (state.Late is not { } late)
        {
            return;
        }

        if (late.Readings.Count > 0)
        {
            Judge(state, device, nowMs);
        }

        if (state.Late is not null && nowMs >= late.KeepUntilMs)
        {
            late.Release();
            state.Late = null;
        }
    }

    private void Judge(DeviceState state, ReadOnlySpan<byte> device, long nowMs)
    {
        var late = state.Late!;
        var readings = late.Sort();
        var copies = new CopiedSeries(pool);
        var incidents = new DeviceIncidents();
        tracker.IsLate = true;
        try
        {
            foreach (ref readonly var reading in readings)
            {
                var at = copies.FindBlock(reading.Sensor);
                if (at < 0)
                {
                    at = Prepare(state, late, copies, reading.Sensor);
                }

                Give(state, device, incidents, copies, at, reading);
            }

            tracker.EndAll(incidents, copies);
        }
        finally
        {
            tracker.IsLate = false;
            KeepCopies(late, copies);
            copies.Release();
            late.ClearReadings();
            late.KeepUntilMs = nowMs + _keepMs;
            if (late.Copies.Count == 0)
            {
                // At once: what is due now already would be let go at the next record, and in a replay at this one.
                state.Late = null;
            }
        }
    }

    /// <summary>A copy of the series: as it was before the gap, else as it is now.</summary>
    private int Prepare(DeviceState state, LateReadings late, CopiedSeries copies, byte[] sensor)
    {
        var from = late.CopyOf(sensor);
        var isGap = from >= 0;
        from = isGap ? from : state.Series.FindBlock(sensor);
        if (from < 0)
        {
            return -1;
        }

        var at = copies.Add(sensor, from);
        ref var header = ref SeriesLayout.Header(pool[at]);
        header.Incident = 0;
        if (!isGap)
        {
            // The present state has seen later times already: its clock goes on from there.
            header.ShiftUs = long.MinValue;
        }

        return at;
    }

    private void Give(DeviceState state, ReadOnlySpan<byte> device, DeviceIncidents incidents, CopiedSeries copies, int at, in LateReading reading)
    {
        if (at < 0)
        {
            // Its series has made room meanwhile.
            counts.TooLate++;
            state.Unjudged++;
            return;
        }

        var block = pool[at];
        ref var header = ref SeriesLayout.Header(block);
        if (header.ShiftUs == long.MinValue)
        {
            header.ShiftUs = header.LastUs == Micros.Never ? 0 : header.LastUs - reading.TimeUs;
        }

        var judged = reading.TimeUs + header.ShiftUs;
        if (judged < header.LastUs)
        {
            counts.TooLate++;
            state.Unjudged++;
            return;
        }

        header.LastUs = judged;
        counts.FedLate++;
        var layout = pool.LayoutOf(at);
        var sight = new Sight(reading.Sensor, reading.TimeUs, reading.Value, reading.Boot, reading.Sequence, isLate: true);
        for (var d = 0; d < layout.Detectors.Length; d++)
        {
            if (layout.Finders[d] is { } finder)
            {
                var verdict = finder.Watch(layout.State(block, d), reading.Value, judged, state.Profiles?.Find(reading.Sensor));
                if (verdict.Phase != FindingPhase.None && !(verdict.Phase == FindingPhase.Opened && IsOutOfService(device, reading)))
                {
                    tracker.Found(incidents, at, d, verdict.Phase, sight);
                }
            }
            else
            {
                var result = layout.Detectors[d].Update(layout.State(block, d), reading.Value, judged);
                if (result.Alert && !IsOutOfService(device, reading))
                {
                    ref var hold = ref SeriesLayout.Hold(block, d);
                    var isNew = judged >= hold.QuietAtUs;
                    hold.QuietAtUs = judged + Micros.From(options.AlertHoldOff);
                    tracker.Alerted(incidents, at, d, isNew, result, sight);
                }
            }
        }

        if (incidents.Open.Count > 0)
        {
            tracker.Advance(incidents, copies, judged);
        }
    }

    private bool IsOutOfService(ReadOnlySpan<byte> device, in LateReading reading)
    {
        if (timeline.Settings.OutOfService.Count == 0
            || !timeline.Settings.IsOutOfService(Encoding.ASCII.GetString(device), Encoding.ASCII.GetString(reading.Sensor), reading.TimeUs))
        {
            return false;
        }

        counts.OutOfService++;
        return true;
    }

    /// <summary>What comes later still of the same gap goes on where this ended.</summary>
    private void KeepCopies(LateReadings late, CopiedSeries copies)
    {
        foreach (var copy in late.Copies)
        {
            var at = copies.FindBlock(copy.Sensor);
            if (at >= 0)
            {
                pool[at].CopyTo(pool[copy.Block]);
            }
        }
    }

    /// <summary>Copies of series for one run of the judge.</summary>
    private sealed class CopiedSeries(SeriesPool pool) : ISeriesBlocks
    {
        private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _blocks =
            new Dictionary<byte[], int>(ByteKeyComparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();

        public int FindBlock(ReadOnlySpan<byte> sensor) => _blocks.TryGetValue(sensor, out var block) ? block : -1;

        public int Add(byte[] sensor, int from)
        {
            var block = pool.Rent(SeriesPool.SlabOf(from));
            pool[from].CopyTo(pool[block]);
            _blocks[sensor] = block;
            return block;
        }

        public void Release()
        {
            foreach (var block in _blocks.Dictionary.Values)
            {
                pool.Return(block);
            }
        }
    }
}
