using System.Numerics;
using System.Text;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Processing.Devices;
using Telemetry.Processing.Profiles;
using Telemetry.Processing.Series;
using Telemetry.Processing.Settings;
using Telemetry.Processing.Watermarks;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.Deletion;
using Telemetry.Streams.Pauses;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// What processing does to the records of one partition, one after the other: a pure function of them. No clock, no I/O.
/// Outputs and state collect until the owner takes both for one commit.
/// </summary>
internal sealed class PartitionProcessor
{
    /// <summary>
    /// A quiet partition gets a record that says that time has passed this often, and for how long: rules over absence wait longer than silence does.
    /// </summary>
    private const long QuietTickMs = 60_000;

    private const long QuietTicksMs = 24 * 3_600_000;

    private readonly ProcessingOptions _options;
    private readonly IReadingSchemas _schemas;
    private readonly TopicPartition _input;
    private readonly ReadingBatchBuffer _batch = new();
    private readonly DuplicateRuns _runs = new();
    private readonly PartitionWatermark _watermark;
    private readonly PartitionPauses _pauses;
    private readonly DeviceTimers _timers;
    private readonly MeasuringGaps _gaps;
    private readonly SeriesFeeder _feeder;
    private readonly StateWriter _partitionState = new();
    private readonly Queue<SettingsPin> _pins = new();
    private readonly long _gapToleranceMs;
    private readonly long _abandonAfterMs;
    private readonly OutputWriter _output;
    private readonly IncidentTracker _tracker;
    private readonly LateJudge _lateJudge;

    public PartitionProcessor(ProcessingOptions options, TopicPartition input, IReadingSchemas? schemas = null)
    {
        SeriesLayout.DemandLittleEndian();
        _options = options;
        _schemas = schemas ?? ReleasedReadingSchemas.Instance;
        _input = input;
        _gapToleranceMs = (long)options.SequenceGapAfter.TotalMilliseconds;
        var layout = new SeriesLayout(options.Detectors());

        // A name and its length take at most 76 bytes a series.
        var seriesMax = Math.Max(1, Math.Min(options.SeriesPerDeviceMax, options.DeviceStateBytesMax / (layout.BlockBytes + 76)));
        Pool = new SeriesPool(layout, seriesMax);
        Settings = new SettingsTimeline(Pool, options.Detectors);
        var names = new SensorNames();
        Codec = new DeviceStateCodec(Pool, Settings, names);
        Table = new KeyedStateTable<DeviceState>(options.State, Codec, () => Pool.Bytes + Pool.LateBytes > options.StateBytesMax);
        _watermark = new PartitionWatermark(options.AllowedDisorder, options.FutureTolerance);
        _pauses = new PartitionPauses(options.SilentGrace);
        _timers = new DeviceTimers(options, _pauses);
        _gaps = new MeasuringGaps(options);
        _output = new OutputWriter(options, new OutputBatch(), Counts);
        _tracker = new IncidentTracker(options, Pool, _output, Counts);
        _lateJudge = new LateJudge(options, Pool, Settings, names, _tracker, Counts);
        _feeder = new SeriesFeeder(options, Pool, Settings, _watermark, _tracker, _lateJudge, Counts);
        _abandonAfterMs = (long)options.IncidentAbandonAfter.TotalMilliseconds;
    }

    public KeyedStateTable<DeviceState> Table { get; }

    public DeviceStateCodec Codec { get; }

    public SeriesPool Pool { get; }

    /// <summary>Settings of detectors, by offset. What was pinned is added before the state is loaded.</summary>
    public SettingsTimeline Settings { get; }

    public ProcessingCounts Counts { get; } = new();

    public DuplicateStatistics Duplicates { get; } = new();

    /// <summary>Looks whether the catalogue says something else of a device's sensors; null: nobody does.</summary>
    public ProfileWatch? ProfileWatch { get; init; }

    /// <summary>Outputs not taken yet.</summary>
    public OutputBatch Outputs => _output.Batch;

    /// <summary>Microseconds since 1970; <see cref="Micros.Never"/> before the first reading.</summary>
    public long Watermark => _watermark.Current;

    /// <summary>
    /// When the next thing may fall due, in the partition's time (milliseconds): with no record after it, somebody must append one that says so.
    /// Null: nothing is waited for.
    /// </summary>
    public long? NextDueMs
    {
        get
        {
            var quiet = _pauses.HeardMs > 0 && Table.TimeMs - _pauses.HeardMs < QuietTicksMs ? Table.TimeMs + QuietTickMs : long.MaxValue;
            var next = Math.Min(_timers.NextMs ?? long.MaxValue, quiet);
            return next == long.MaxValue ? null : next;
        }
    }

    /// <summary>Once, after loading the state and before the replay.</summary>
    public void RestorePartition(ReadOnlySpan<byte> state)
    {
        if (!state.IsEmpty)
        {
            var reader = new StateReader(state);
            _watermark.Read(ref reader);
            _pauses.Read(ref reader);
        }

        foreach (var slot in Table.Slots)
        {
            _timers.Schedule(slot, slot.State!);
        }
    }

    /// <summary>
    /// Puts settings in force from an offset on that is not processed yet, and says so on the log with the next commit.
    /// </summary>
    /// <param name="version">The version; newer than the one before.</param>
    /// <param name="offset">The next record.</param>
    /// <param name="timestampMs">Its timestamp.</param>
    public void Pin(SettingsVersion version, long offset, long timestampMs)
    {
        Settings.Add(offset, version.Number, version.Settings!);
        var pin = new SettingsPin(_options.Group, _input.Partition, offset, version.Number);
        Outputs.Add(_options.SettingsTopic, Encoding.UTF8.GetBytes(pin.Key), pin.ToRecord(), Micros.BoundedMs(timestampMs));
        _pins.Enqueue(pin);
        while (_pins.Count > SettingsPin.KeptMax)
        {
            Outputs.Add(_options.SettingsTopic, Encoding.UTF8.GetBytes(_pins.Dequeue().Key), [], Micros.BoundedMs(timestampMs));
        }
    }

    /// <summary>What was pinned before, in the order of the offsets; before the state is loaded.</summary>
    /// <exception cref="InvalidOperationException">A version that a pin names is not there, or cannot be read by this program.</exception>
    public void RestoreSettings(IReadOnlyList<SettingsPin> pins, Func<int, SettingsVersion?> find)
    {
        foreach (var pin in pins)
        {
            _pins.Enqueue(pin);
        }

        foreach (var pin in pins.Skip(pins.Count - SettingsTimeline.EpochsMax))
        {
            var version = find(pin.Version);
            Settings.Add(pin.Offset, pin.Version, version?.Settings ?? throw new InvalidOperationException(
                $"{_input} is judged by version {pin.Version} of the detector settings from offset {pin.Offset} on, but "
                + (version is null ? "the settings topic does not have it any more." : $"this program cannot read it: {version.Problem}")));
        }
    }

    /// <summary>The next record, live or in a replay.</summary>
    public void Process(in LogRecord record)
    {
        var timestampMs = Micros.BoundedMs(record.TimestampMs);
        Table.Passed(record.Key.Length + record.Value.Length);
        if (record.Value.IsEmpty)
        {
            Tick(record, timestampMs);
            if (record.Headers.TryGet(ProfileRecord.Header, out var profiles))
            {
                TakeProfiles(record, profiles.Span);
            }
            else if (DeviceDeletion.Read(record) is { } deletion)
            {
                // Open incidents go without an end: their records are deleted too.
                Table.Forget(Encoding.UTF8.GetBytes(deletion.Device));
                _output.Deleted(deletion);
            }

            return;
        }

        var cause = Decode(record);
        Table.Advance(record.Offset, timestampMs, cause is null ? _batch.SensorCount : 1);
        Settings.Advance(record.Offset);
        _output.IsSuppressed = Table.IsReplaying;
        _output.TimestampMs = timestampMs;
        _pauses.Heard(Table.TimeMs);
        FireTimers();
        Counts.Records++;
        if (cause is not null)
        {
            _output.DeadLetter(record, cause);
            return;
        }

        var ingestUs = Micros.FromMs(timestampMs);
        _feeder.Begin(_batch, ingestUs, Table.TimeMs);
        _watermark.Observe(_batch.EventTimes, ingestUs);
        if (Table.TryEnter(_batch.Device, out var slot))
        {
            Counts.Readings += _batch.Count;
            ProcessGuarded(record, slot, ingestUs);
        }
    }

    /// <summary>A record without a value has no readings: it says that time has passed.</summary>
    private void Tick(in LogRecord record, long timestampMs)
    {
        Table.Advance(record.Offset, timestampMs);
        Settings.Advance(record.Offset);
        _pauses.Passed(Table.TimeMs, PassingTime.WatchedSince(record.Headers, Table.TimeMs));
        _output.IsSuppressed = Table.IsReplaying;
        _output.TimestampMs = timestampMs;
        Counts.Records++;
        Counts.Ticks++;
        FireTimers();
    }

    /// <summary>What the catalogue says of some sensors is in force from here on.</summary>
    private void TakeProfiles(in LogRecord record, ReadOnlySpan<byte> header)
    {
        try
        {
            var profiles = ProfileRecord.Read(header);
            if (Table.TryEnter(profiles.Device, out var slot))
            {
                var known = slot.State!.Profiles ?? new DeviceProfiles();
                foreach (var (sensor, profile) in profiles.Changes)
                {
                    known.Set(sensor, profile);
                }

                slot.State.Profiles = known.Count > 0 ? known : null;
            }
        }
        catch (FormatException error)
        {
            _output.DeadLetter(record, DeadLetterCauses.ProcessingFailed, error.Message);
        }
    }

    /// <summary>Takes the outputs for a commit and leaves an empty batch for what follows.</summary>
    public OutputBatch TakeOutputs(OutputBatch empty)
    {
        var taken = _output.Batch;
        _output.Batch = empty;
        return taken;
    }

    /// <summary>Adds the state entries that go with a commit.</summary>
    /// <param name="batch">Where they go.</param>
    /// <param name="committed">The offset to commit.</param>
    /// <param name="elapsed">Time since the last call.</param>
    /// <param name="bytesMax">State bytes to write, about; null: what the options say.</param>
    public void Collect(StateBatch batch, long committed, TimeSpan elapsed, int? bytesMax = null)
    {
        _partitionState.Clear();
        _watermark.Write(_partitionState);
        _pauses.Write(_partitionState);
        Table.Collect(batch, committed, _partitionState.WrittenSpan, elapsed, bytesMax);
    }

    /// <summary>Null, or the cause of a dead letter.</summary>
    private string? Decode(in LogRecord record)
    {
        if (!ConfluentFrame.TryRead(record.Value, out var schemaId, out var message))
        {
            return DeadLetterCauses.BadFrame;
        }

        return _batch.TryDecode(_schemas.Find(schemaId), message, out var error) ? null : DeadLetterCauses.Of(error);
    }

    /// <summary>
    /// A record that breaks a detector would break it again at every try, here and in each replay, and stop its partition for
    /// good: it is put aside at once. What it left in its device's state is the same in every replay.
    /// </summary>
    private void ProcessGuarded(in LogRecord record, KeySlot<DeviceState> slot, long ingestUs)
    {
        try
        {
            ProcessDevice(slot, slot.State!, ingestUs);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            _output.DeadLetter(record, DeadLetterCauses.ProcessingFailed, $"{fault.GetType().Name}: {fault.Message}");
        }
    }

    private void ProcessDevice(KeySlot<DeviceState> slot, DeviceState state, long ingestUs)
    {
        var nowMs = Table.TimeMs;
        _output.Device = slot;
        var wasSilent = state.IsSilent;
        Heard(state, nowMs);
        _feeder.Order(state, _batch.BootId);
        var unjudged = state.Unjudged;
        var isNewBoot = state.Sequences.CurrentBoot != _batch.BootId && !state.Sequences.Knows(_batch.BootId);
        if (isNewBoot && !AssignedBootId.IsAssigned(_batch.BootId))
        {
            _output.Booted(_batch.BootId, Micros.Bounded(_batch.EventTimes[0]));
        }

        var conflicts = state.Sequences.ConflictsOf(_batch.BootId);
        var verdict = state.Sequences.Add(_batch, _options.Duplicates, _runs, Duplicates);
        TellConflicts(conflicts, state.Sequences.ConflictsOf(_batch.BootId), nowMs);
        if (verdict == DuplicateVerdict.AllDuplicate)
        {
            Counts.Duplicates += _batch.Count;
        }
        else
        {
            TakeRuns(state, ingestUs, nowMs);
            if (_batch.Count > 1 && MeasuringGaps.AreInOrder(_batch.EventTimes))
            {
                TellGaps(state, isTold: wasSilent);
            }
        }

        if (state.Incidents is { Open.Count: > 0 } incidents && _feeder.NewestUs != Micros.Never)
        {
            _tracker.Advance(incidents, state.Series, _feeder.NewestUs);
        }

        if (HasDoubled(unjudged, state.Unjudged))
        {
            _output.Unjudged(nowMs, state.Unjudged);
        }

        _timers.Schedule(slot, state);
        if (!Table.IsReplaying)
        {
            ProfileWatch?.Look(slot.Key.Span, state);
        }
    }

    private void Heard(DeviceState state, long nowMs)
    {
        if (state.IsSilent)
        {
            state.IsSilent = false;
            state.AbandonAtMs = 0;
            _output.Resumed(nowMs, nowMs - state.LastSeenMs);
            _output.SilentIncident(state.LastSeenMs, state.SilentSinceUs, nowMs, 0, isOver: true);
        }

        if (state.LastSeenMs > 0 && !_pauses.Spans(state.LastSeenMs))
        {
            state.Pace.Take(nowMs - state.LastSeenMs);
        }

        state.LastSeenMs = nowMs;
    }

    /// <summary>
    /// A device that sends many readings at once may have been silent between two of them, and its records have come as ever.
    /// </summary>
    /// <param name="state">The device.</param>
    /// <param name="isTold">It was found silent before this record: that is told already.</param>
    private void TellGaps(DeviceState state, bool isTold)
    {
        foreach (var (fromMs, silentMs, toMs, intervalMs) in _gaps.Take(_batch.EventTimes, ref state.Measuring))
        {
            if (isTold)
            {
                continue;
            }

            var dueUs = (fromMs * 1000) + (long)(intervalMs * 1000);
            _output.Silent(silentMs, fromMs);
            _output.SilentIncident(fromMs, dueUs, silentMs, intervalMs, isOver: false);
            _output.Resumed(toMs, toMs - fromMs);
            _output.SilentIncident(fromMs, dueUs, toMs, 0, isOver: true);
        }
    }

    /// <summary>At the first conflict of a boot, and each time their number has doubled: a device that does it does it all the time.</summary>
    private void TellConflicts(long before, long now, long nowMs)
    {
        if (HasDoubled(before, now))
        {
            _output.IdConflict(_batch.BootId, nowMs, now);
        }
    }

    private static bool HasDoubled(long before, long now) =>
        now > before && BitOperations.Log2((ulong)now) > (before == 0 ? -1 : BitOperations.Log2((ulong)before));

    private void TakeRuns(DeviceState state, long ingestUs, long nowMs)
    {
        var taken = false;
        foreach (var run in _runs.Span)
        {
            switch (run.Kind)
            {
                case DuplicateKind.New:
                    taken = true;
                    _feeder.Feed(_batch, run.Start, run.Count, state, Table.LastOffset);
                    break;
                case DuplicateKind.Duplicate:
                    Counts.Duplicates += run.Count;
                    break;
                case DuplicateKind.Conflict:
                    // Storage dead-letters these as well.
                    Counts.Conflicts += run.Count;
                    break;
                default:
                    // Storage dead-letters these; here they only stay away from detectors.
                    Counts.Ambiguous += run.Count;
                    break;
            }
        }

        if (!taken)
        {
            return;
        }

        var newest = _batch.EventTimes[0];
        foreach (var time in _batch.EventTimes)
        {
            newest = Math.Max(newest, time);
        }

        var change = state.Clock.Add(Micros.Bounded(newest) - ingestUs, nowMs, _options, out var offsetUs);
        if (change != ClockChange.None)
        {
            _output.Clock(change == ClockChange.Skewed, ingestUs, offsetUs);
        }

        state.Gap.Observe(state.Sequences, nowMs, _gapToleranceMs);
    }

    private void FireTimers()
    {
        var nowMs = Table.TimeMs;
        while (_timers.TryTake(nowMs, out var slot, out var state))
        {
            _output.Device = slot;
            Fire(_timers.Next(state, out var atMs), state, atMs);
            Table.MarkDirty(slot);
            _timers.Schedule(slot, state);
        }
    }

    private void Fire(DueKind kind, DeviceState state, long atMs)
    {
        switch (kind)
        {
            case DueKind.SequenceGap:
                var (boot, missing) = state.Gap.Expire(state.Sequences, atMs, _gapToleranceMs);
                if (missing > 0)
                {
                    _output.SequenceGap(boot, atMs, missing);
                }

                break;
            case DueKind.Silent:
                state.IsSilent = true;
                state.SilentSinceUs = (state.LastSeenMs * 1000) + (long)(state.Pace.IntervalMs * 1000);
                state.AbandonAtMs = state.Incidents is { Open.Count: > 0 } ? atMs + _abandonAfterMs : 0;
                _output.Silent(atMs, state.LastSeenMs);
                _output.SilentIncident(state.LastSeenMs, state.SilentSinceUs, atMs, state.Pace.IntervalMs, isOver: false);
                break;
            case DueKind.Late:
                var unjudged = state.Unjudged;
                _lateJudge.Expire(state, _output.Device!.Key.Span, atMs);
                if (HasDoubled(unjudged, state.Unjudged))
                {
                    _output.Unjudged(atMs, state.Unjudged);
                }

                break;
            default:
                state.AbandonAtMs = 0;
                if (state.Incidents is { } incidents)
                {
                    _tracker.EndAll(incidents, state.Series);
                }

                break;
        }
    }
}
