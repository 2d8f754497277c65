using System.Text;
using Google.Protobuf;
using Telemetry.Alarms.Folding;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Streams.Deletion;

namespace Telemetry.Alarms.Rules;

/// <summary>Tells what rules see: conditions of devices, and devices that count for a group. Collected until the next commit.</summary>
internal sealed class RuleTeller
{
    private readonly List<FoldRecord> _records = [];

    public bool IsEmpty => _records.Count == 0;

    /// <summary>Time of the record in hand.</summary>
    public long NowMs { get; set; }

    /// <summary>A condition holds, or holds no longer.</summary>
    public void Tell(DeviceRules device, AlarmRules rules, AlarmRule rule, RuleState state, long timeUs)
    {
        if (rule.Alarm)
        {
            var condition = new AlarmCondition
            {
                Device = device.Name,
                Sensor = state.Sensor,
                Source = rule.Name,
                Kind = rule.Type.ToString().ToLowerInvariant(),
                Active = state.IsActive,
                Priority = rule.Priority,
                Text = RuleTexts.Of(rule, device.Name, state),
                EventTimeUs = timeUs,
                Handling = rule.Handling.ToMessage(),
            };
            if (RuleTexts.ValueOf(rule, state) is { } value)
            {
                condition.Value = value;
            }

            Add(device.Name, new AlarmInput { Condition = condition });
        }

        TellGroups(device, rules, state, timeUs);
    }

    /// <summary>No rule in force knows a condition any more: it is over.</summary>
    public void TellGone(DeviceRules device, AlarmRules rules, RuleState state)
    {
        if (state.IsActive)
        {
            state.IsActive = false;
            Add(device.Name, new AlarmInput
            {
                Condition = new AlarmCondition { Device = device.Name, Sensor = state.Sensor, Source = state.Rule, EventTimeUs = NowMs * 1000 },
            });
        }

        TellGroups(device, rules, state, NowMs * 1000);
    }

    /// <summary>A device is deleted, and its alarms with it.</summary>
    public void TellDeleted(DeviceDeletion deletion) => _records.Add(FoldRecord.Of(LogTopics.AlarmInputs, deletion, NowMs));

    /// <summary>Moves everything to a commit.</summary>
    public void Collect(FoldChanges changes)
    {
        changes.Outputs.AddRange(_records);
        _records.Clear();
    }

    private void TellGroups(DeviceRules device, AlarmRules rules, RuleState state, long timeUs)
    {
        var groups = state.IsActive ? device.Rules.Where(r => r.Type == RuleType.Group && r.Of == state.Rule).ToArray() : [];
        foreach (var gone in state.Groups.Where(name => groups.All(g => g.Name != name)))
        {
            Member(device, gone, rules.Rules.FirstOrDefault(r => r.Type == RuleType.Group && r.Name == gone), false, timeUs);
        }

        state.Groups.Clear();
        foreach (var group in groups)
        {
            state.Groups.Add(group.Name);
            Member(device, group.Name, group, true, timeUs);
        }
    }

    /// <summary>A sensor of a device more or less makes no other member: a device counts while any of them meets the rule.</summary>
    private void Member(DeviceRules device, string group, AlarmRule? rule, bool active, long timeUs) => Add(AlarmId.GroupPrefix + group, new AlarmInput
    {
        Member = new AlarmGroupMember
        {
            Group = group,
            Member = device.Name,
            Active = active || device.States.Any(s => s.IsActive && s.Groups.Contains(group)),
            AtLeast = (uint)(rule?.AtLeast ?? 0),
            Priority = rule?.Priority ?? AlarmPriority.Low,
            Text = rule is null ? "" : RuleTexts.OfGroup(rule),
            EventTimeUs = timeUs,
            Handling = rule?.Handling.ToMessage(),
        },
    });

    private void Add(string key, AlarmInput input) =>
        _records.Add(new FoldRecord(LogTopics.AlarmInputs, Encoding.ASCII.GetBytes(key), input.ToByteArray(), NowMs));
}
