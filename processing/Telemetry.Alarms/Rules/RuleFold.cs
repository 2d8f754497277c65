using System.Text;
using Telemetry.Alarms.Folding;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;
using Telemetry.Streams.Pauses;
using Telemetry.Streams.State;

namespace Telemetry.Alarms.Rules;

/// <summary>
/// From the readings of one partition to conditions. A pure function of the records and of the rules, which change between two records. Times of
/// conditions are those of readings; that nothing comes is told by the time of other records.
/// </summary>
internal sealed class RuleFold : IPartitionFold
{
    private const byte Version = 1;
    private static readonly byte[] TimeKey = [0];
    private static readonly byte[] RulesKey = [1];

    private readonly AlarmsOptions _options;
    private readonly IReadingSchemas _schemas;
    private readonly ReadingBatchBuffer _batch = new();
    private readonly Dictionary<string, DeviceRules> _devices = [];
    private readonly List<DeviceRules> _dirty = [];
    private readonly List<byte[]> _removed = [];
    private readonly RuleTeller _teller = new();
    private readonly StateWriter _writer = new();
    private readonly PriorityQueue<(DeviceRules Device, RuleState State), (long DueMs, string Key)> _absences = new(
        Comparer<(long DueMs, string Key)>.Create(static (a, b) => a.DueMs != b.DueMs ? a.DueMs.CompareTo(b.DueMs) : string.CompareOrdinal(a.Key, b.Key)));

    private readonly RulesPins _pins;
    private readonly PartitionPauses _pauses;
    private AlarmRules? _inForce;
    private string[] _sensors = [];
    private long _nowMs;
    private long _writtenMs;
    private int _states;
    private string _fingerprint = "";
    private bool _hasOtherRules;

    public RuleFold(AlarmsOptions options, RulesPins pins, IReadingSchemas? schemas = null) =>
        (_options, _pins, _schemas, _pauses) = (options, pins, schemas ?? ReleasedReadingSchemas.Instance, new PartitionPauses(options.AbsentGrace));

    private AlarmRules Rules => _inForce ?? AlarmRules.Default;

    /// <summary>Devices passed over because there are as many states as there may be, since the owner set it back.</summary>
    public long Overflowed { get; set; }

    /// <inheritdoc/>
    public long? NextDueMs => _absences.TryPeek(out _, out var due) ? due.DueMs : null;

    /// <inheritdoc/>
    public bool HasChanges => !_teller.IsEmpty || _dirty.Count > 0 || _removed.Count > 0 || _hasOtherRules || !_pins.IsEmpty;

    /// <inheritdoc/>
    public void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual(TimeKey))
        {
            _nowMs = _writtenMs = _teller.NowMs = BitConverter.ToInt64(value);
            var pauses = new StateReader(value[sizeof(long)..]);
            _pauses.Read(ref pauses);
            return;
        }

        if (key.SequenceEqual(RulesKey))
        {
            _fingerprint = Encoding.ASCII.GetString(value);
            return;
        }

        var name = Encoding.ASCII.GetString(key);
        _devices.Remove(name);
        if (value.IsEmpty)
        {
            return;
        }

        var reader = new StateReader(value);
        if (reader.Byte() is var version && version != Version)
        {
            throw new FormatException($"The state of alarm rules has version {version}; this program reads version {Version}.");
        }

        var device = new DeviceRules(name, key.ToArray());
        while (!reader.AtEnd)
        {
            device.Add(RuleState.Read(ref reader));
        }

        _devices.Add(name, device);
    }

    /// <inheritdoc/>
    public void Loaded()
    {
        // What was loaded is looked at when the rules are known.
    }

    /// <summary>
    /// Rules are in force from an offset on: the next record's. Before the first record, and whenever there are others. What no rule remembers any more is
    /// over; what still holds is told again.
    /// </summary>
    public void UseRules(AlarmRules rules, long offset)
    {
        if (!ReferenceEquals(rules, _inForce))
        {
            Use(rules);
            _pins.Put(rules, offset);
        }
    }

    /// <inheritdoc/>
    public void Process(in LogRecord record)
    {
        _nowMs = _teller.NowMs = Math.Max(_nowMs, record.TimestampMs);
        if (record.Value.IsEmpty)
        {
            _pauses.Passed(_nowMs, PassingTime.WatchedSince(record.Headers, _nowMs));
        }
        else
        {
            _pauses.Heard(_nowMs);
        }

        FireAbsences();
        if (DeviceDeletion.Read(record) is { } deletion)
        {
            Forget(deletion);
            return;
        }

        if (!ConfluentFrame.TryRead(record.Value, out var schemaId, out var message) || !_batch.TryDecode(_schemas.Find(schemaId), message, out _))
        {
            return; // Processing and storage dead-letter it.
        }

        if (Find() is not { } device)
        {
            return;
        }

        if (device.Absences.Length > 0)
        {
            foreach (var watch in device.Absences)
            {
                Seen(device, watch);
            }
        }

        TakeReadings(device);
    }

    /// <inheritdoc/>
    public void Collect(FoldChanges changes)
    {
        _pins.Collect(changes, _nowMs);
        _teller.Collect(changes);
        foreach (var key in _removed)
        {
            changes.State.Add((key, []));
        }

        foreach (var device in _dirty)
        {
            device.IsDirty = false;
            _writer.Clear();
            _writer.Byte(Version);
            foreach (var state in device.States)
            {
                state.Write(_writer);
            }

            changes.State.Add((device.Key, _writer.WrittenSpan.ToArray()));
        }

        if (_hasOtherRules)
        {
            changes.State.Add((RulesKey, Encoding.ASCII.GetBytes(_fingerprint)));
            _hasOtherRules = false;
        }

        _removed.Clear();
        _dirty.Clear();
        if (_nowMs != _writtenMs)
        {
            _writer.Clear();
            _writer.Raw(BitConverter.GetBytes(_nowMs));
            _pauses.Write(_writer);
            changes.State.Add((TimeKey, _writer.WrittenSpan.ToArray()));
            _writtenMs = _nowMs;
        }
    }

    private void Use(AlarmRules rules)
    {
        // After a restart under the same rules everything has been told already.
        var tells = rules.Fingerprint != _fingerprint;
        _hasOtherRules |= tells;
        (_inForce, _fingerprint) = (rules, rules.Fingerprint);
        _absences.Clear();
        foreach (var device in _devices.Values.OrderBy(static d => d.Name, StringComparer.Ordinal).ToList())
        {
            device.Use(rules);
            foreach (var state in device.States.ToList())
            {
                if (device.RuleOf(state) is not { } rule)
                {
                    Drop(device, state);
                }
                else if (state.IsActive && tells)
                {
                    _teller.Tell(device, Rules, rule, state, state.TimeUs);
                }
            }

            if (device.Count == 0)
            {
                _devices.Remove(device.Name);
                _dirty.Remove(device);
                _removed.Add(device.Key);
                continue;
            }

            foreach (var state in device.States)
            {
                Await(device, state);
            }
        }

        _states = _devices.Values.Sum(static d => d.Count);
    }

    /// <summary>A device is deleted: groups count it no longer, and its alarms go.</summary>
    private void Forget(DeviceDeletion deletion)
    {
        if (_devices.Remove(deletion.Device, out var device))
        {
            _states -= device.Count;
            foreach (var state in device.States.ToList())
            {
                device.Remove(state);
                _teller.TellGone(device, Rules, state);
            }

            _dirty.Remove(device);
            _removed.Add(device.Key);
        }

        _teller.TellDeleted(deletion);
    }

    private DeviceRules? Find()
    {
        var name = Encoding.ASCII.GetString(_batch.Device);
        if (_devices.TryGetValue(name, out var device))
        {
            return device;
        }

        if (!Rules.Rules.Any(r => r.Type != RuleType.Group && r.Devices.IsMatch(name)))
        {
            return null;
        }

        if (_states >= _options.RuleStatesMax)
        {
            Overflowed++;
            return null;
        }

        device = new DeviceRules(name, _batch.Device.ToArray());
        _devices.Add(name, device);
        device.Use(Rules);
        return device;
    }

    private void TakeReadings(DeviceRules device)
    {
        var before = device.Count;
        if (_sensors.Length < _batch.SensorCount)
        {
            _sensors = new string[_batch.SensorCount];
        }

        for (var s = 0; s < _batch.SensorCount; s++)
        {
            _sensors[s] = Encoding.ASCII.GetString(_batch.Sensor(s));
        }

        for (var i = 0; i < _batch.Count; i++)
        {
            var watches = device.OfSensor(_sensors[_batch.SensorIndexes[i]]);
            if (watches.Length == 0)
            {
                continue;
            }

            var value = _batch.Values[i];
            var isUsable = _batch.Qualities[i] != Contracts.Readings.Quality.Bad && !double.IsNaN(value);
            foreach (var watch in watches)
            {
                if (watch.Rule.Type == RuleType.Absent)
                {
                    Seen(device, watch);
                }
                else if (isUsable)
                {
                    Take(device, watch, _batch.EventTimes[i], value);
                }
            }
        }

        _states += device.Count - before;
    }

    private void Take(DeviceRules device, RuleWatch watch, long timeUs, double value)
    {
        var (rule, state) = (watch.Rule, watch.State);
        var was = state.IsActive;
        var changed = rule.Type == RuleType.Expression
            ? RuleConditions.TakePart(rule, state, watch.IsFirst, timeUs, value, _nowMs)
            : RuleConditions.Take(rule, state, timeUs, value, _nowMs);
        if (changed)
        {
            MarkDirty(device);
        }

        if (state.IsActive != was)
        {
            _teller.Tell(device, Rules, rule, state, timeUs);
        }
    }

    private void Seen(DeviceRules device, RuleWatch watch)
    {
        var state = watch.State;
        if (state.SeenMs != _nowMs)
        {
            var isFirst = state.SeenMs == 0 || state.IsActive;
            state.SeenMs = _nowMs;
            MarkDirty(device);
            if (state.IsActive)
            {
                state.IsActive = false;
                _teller.Tell(device, Rules, watch.Rule, state, _nowMs * 1000);
            }

            if (isFirst)
            {
                Await(device, state);
            }
        }
    }

    private void FireAbsences()
    {
        while (_absences.TryPeek(out var next, out var due) && due.DueMs <= _nowMs)
        {
            _absences.Dequeue();
            if (next.Device.RuleOf(next.State) is { } rule && !next.State.IsActive)
            {
                // It may have been heard since it was put here.
                if (DueMs(rule, next.State) is var actual && actual > due.DueMs)
                {
                    Await(next.Device, next.State);
                    continue;
                }

                next.State.IsActive = true;
                next.State.TimeUs = due.DueMs * 1000;
                MarkDirty(next.Device);
                _teller.Tell(next.Device, Rules, rule, next.State, due.DueMs * 1000);
            }
        }
    }

    private void Await(DeviceRules device, RuleState state)
    {
        if (!state.IsActive && state.SeenMs != 0 && device.RuleOf(state) is { Type: RuleType.Absent } rule)
        {
            _absences.Enqueue((device, state), (DueMs(rule, state), $"{device.Name}/{state.Rule}/{state.Sensor}"));
        }
    }

    private long DueMs(AlarmRule rule, RuleState state) => _pauses.Until(state.SeenMs, (long)rule.Window.TotalMilliseconds);

    /// <summary>No rule in force knows it: its condition is over.</summary>
    private void Drop(DeviceRules device, RuleState state)
    {
        device.Remove(state);
        MarkDirty(device);
        _teller.TellGone(device, Rules, state);
    }

    private void MarkDirty(DeviceRules device)
    {
        if (!device.IsDirty)
        {
            device.IsDirty = true;
            _dirty.Add(device);
        }
    }
}
