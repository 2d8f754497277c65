using System.Text;
using Google.Protobuf;
using Telemetry.Alarms.Folding;
using Telemetry.Contracts.V1;

namespace Telemetry.Alarms.Keeping;

/// <summary>
/// The alarms and group members of one partition, by key, as they are on the state topic: <c>a/device/id</c>, <c>g/group/member</c>, and <c>t</c>, the
/// partition's time. Bounded in number; what was forgotten is removed from the topic.
/// </summary>
internal sealed class AlarmStore
{
    private static readonly byte[] TimeKey = "t"u8.ToArray();

    private readonly Dictionary<string, AlarmSlot> _alarms = [];
    private readonly Dictionary<string, List<AlarmSlot>> _byDevice = [];
    private readonly Dictionary<string, SortedSet<string>> _groups = [];
    private readonly Dictionary<string, byte[]?> _dirty = [];
    private readonly List<AlarmSlot> _dirtySlots = [];
    private long _writtenTimeMs;

    /// <summary>Largest record timestamp seen, milliseconds since 1970.</summary>
    public long TimeMs { get; set; }

    public int Count => _alarms.Count;

    public bool HasChanges => _dirtySlots.Count > 0 || _dirty.Count > 0;

    public IEnumerable<AlarmSlot> All => _alarms.Values;

    public static byte[] KeyOf(Alarm alarm) => Encoding.UTF8.GetBytes($"a/{alarm.Device}/{alarm.Id}");

    public AlarmSlot? Find(string id) => _alarms.GetValueOrDefault(id);

    public IReadOnlyList<AlarmSlot> OfDevice(string device) => _byDevice.TryGetValue(device, out var slots) ? slots : [];

    public AlarmSlot Add(AlarmState state)
    {
        var slot = new AlarmSlot(state);
        _alarms.Add(state.Alarm.Id, slot);
        if (!_byDevice.TryGetValue(state.Alarm.Device, out var slots))
        {
            _byDevice.Add(state.Alarm.Device, slots = []);
        }

        // In the order of their ids, whatever the order in which they were met: what depends on it is the same after a restart.
        var at = slots.FindIndex(other => string.CompareOrdinal(other.Alarm.Id, slot.Alarm.Id) > 0);
        slots.Insert(at < 0 ? slots.Count : at, slot);
        return slot;
    }

    public void Remove(AlarmSlot slot)
    {
        Forget(slot.Alarm.Id);
        slot.IsDirty = false;
        _dirtySlots.Remove(slot);
        _dirty[Encoding.UTF8.GetString(KeyOf(slot.Alarm))] = null;
    }

    public void MarkDirty(AlarmSlot slot)
    {
        if (!slot.IsDirty)
        {
            slot.IsDirty = true;
            _dirtySlots.Add(slot);
        }

        // It may have been forgotten and come back since the last commit.
        _dirty.Remove(Encoding.UTF8.GetString(KeyOf(slot.Alarm)));
    }

    /// <summary>Members of a group for which its condition holds.</summary>
    public int MembersOf(string group) => _groups.TryGetValue(group, out var members) ? members.Count : 0;

    /// <summary>The first members by name.</summary>
    public IEnumerable<string> FirstMembersOf(string group, int count) => _groups.TryGetValue(group, out var members) ? members.Take(count) : [];

    /// <summary>Counts a member, or no longer; beyond the bound it is not counted.</summary>
    public void SetMember(string group, string member, bool active, int membersMax)
    {
        if (!_groups.TryGetValue(group, out var members))
        {
            _groups.Add(group, members = new SortedSet<string>(StringComparer.Ordinal));
        }

        var hasChanged = active ? members.Count < membersMax && members.Add(member) : members.Remove(member);
        if (members.Count == 0)
        {
            _groups.Remove(group);
        }

        if (!hasChanged)
        {
            return;
        }

        _dirty[$"g/{group}/{member}"] = active ? new AlarmGroupState { Group = group, Member = member }.ToByteArray() : null;
    }

    /// <exception cref="FormatException">Not an entry of this topic.</exception>
    public void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        try
        {
            switch (key.IsEmpty ? (byte)0 : key[0])
            {
                case (byte)'t':
                    TimeMs = _writtenTimeMs = BitConverter.ToInt64(value);
                    break;
                case (byte)'a':
                    LoadAlarm(Encoding.UTF8.GetString(key), value);
                    break;
                case (byte)'g':
                    LoadMember(Encoding.UTF8.GetString(key), value);
                    break;
                default:
                    throw new FormatException($"The state of alarms has an entry with the key {Convert.ToHexString(key)}, which this program does not know.");
            }
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or ArgumentException)
        {
            throw new FormatException($"The state of alarms has an entry with the key {Encoding.UTF8.GetString(key)} that cannot be read.", error);
        }
    }

    public void Collect(FoldChanges changes)
    {
        foreach (var slot in _dirtySlots)
        {
            slot.IsDirty = false;
            changes.State.Add((KeyOf(slot.Alarm), slot.State.ToByteArray()));
        }

        foreach (var (key, value) in _dirty)
        {
            changes.State.Add((Encoding.UTF8.GetBytes(key), value ?? []));
        }

        if (TimeMs != _writtenTimeMs)
        {
            changes.State.Add((TimeKey, BitConverter.GetBytes(TimeMs)));
            _writtenTimeMs = TimeMs;
        }

        _dirtySlots.Clear();
        _dirty.Clear();
    }

    private void LoadAlarm(string key, ReadOnlySpan<byte> value)
    {
        var id = key[(key.LastIndexOf('/') + 1)..];
        Forget(id);
        if (!value.IsEmpty)
        {
            Add(AlarmState.Parser.ParseFrom(value));
        }
    }

    private void LoadMember(string key, ReadOnlySpan<byte> value)
    {
        // Neither name has a slash.
        var names = key.Split('/');
        if (!_groups.TryGetValue(names[1], out var members))
        {
            _groups.Add(names[1], members = new SortedSet<string>(StringComparer.Ordinal));
        }

        _ = value.IsEmpty ? members.Remove(names[2]) : members.Add(names[2]);
        if (members.Count == 0)
        {
            _groups.Remove(names[1]);
        }
    }

    private void Forget(string id)
    {
        if (_alarms.Remove(id, out var slot) && _byDevice.TryGetValue(slot.Alarm.Device, out var slots))
        {
            slots.Remove(slot);
            if (slots.Count == 0)
            {
                _byDevice.Remove(slot.Alarm.Device);
            }
        }
    }
}
