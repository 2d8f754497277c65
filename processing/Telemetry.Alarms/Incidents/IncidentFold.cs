using System.Text;
using Google.Protobuf;
using Telemetry.Alarms.Folding;
using Telemetry.Alarms.Rules;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Alarms.Incidents;

/// <summary>From incidents to conditions: each record on its own, without memory. Which become alarms the rules in force say.</summary>
internal sealed class IncidentFold(RulesPins pins) : IPartitionFold
{
    private static readonly string[] Kinds = KebabCase.OfAll<IncidentKind>();

    private readonly List<FoldRecord> _outputs = [];
    private AlarmRules _rules = AlarmRules.Default;
    private long _nowMs;

    /// <summary>Records that are no incidents, since the owner set it back. Storage dead-letters them.</summary>
    public long Malformed { get; set; }

    /// <inheritdoc/>
    public long? NextDueMs => null;

    /// <inheritdoc/>
    public bool HasChanges => _outputs.Count > 0 || !pins.IsEmpty;

    /// <summary>Source of the alarms of a kind of incident.</summary>
    public static string SourceOf(IncidentKind kind) => "incident." + NameOf(kind);

    /// <inheritdoc/>
    public void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        // Nothing is remembered.
    }

    /// <inheritdoc/>
    public void Loaded()
    {
        // Nothing was loaded.
    }

    /// <summary>Rules are in force from an offset on.</summary>
    public void UseRules(AlarmRules rules, long offset)
    {
        if (!ReferenceEquals(rules, _rules))
        {
            _rules = rules;
            pins.Put(rules, offset);
        }
    }

    /// <inheritdoc/>
    public void Process(in LogRecord record)
    {
        _nowMs = Math.Max(_nowMs, record.TimestampMs);
        if (DeviceDeletion.Read(record) is { } deletion)
        {
            _outputs.Add(FoldRecord.Of(LogTopics.AlarmInputs, deletion, record.TimestampMs));
            return;
        }

        Incident incident;
        try
        {
            if (!ConfluentFrame.TryRead(record.Value, out _, out var message))
            {
                Malformed++;
                return;
            }

            incident = Incident.Parser.ParseFrom(message.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            Malformed++;
            return;
        }

        if (RuleOf(incident) is not { Alarm: true } rule)
        {
            // Also the end of one: what was raised under other rules clears.
            if (incident.State == IncidentState.Ended)
            {
                Add(incident, AlarmPriority.Low, new RuleHandling(), record.TimestampMs);
            }

            return;
        }

        Add(
            incident,
            rule.Priority == AlarmPriority.Unspecified ? IncidentRule.PriorityOf(incident.Severity) : rule.Priority,
            rule.Handling,
            record.TimestampMs);
    }

    /// <inheritdoc/>
    public void Collect(FoldChanges changes)
    {
        pins.Collect(changes, _nowMs);
        changes.Outputs.AddRange(_outputs);
        _outputs.Clear();
    }

    private static string NameOf(IncidentKind kind) => (int)kind >= 0 && (int)kind < Kinds.Length ? Kinds[(int)kind] : "unknown";

    private IncidentRule? RuleOf(Incident incident)
    {
        var kind = NameOf(incident.Kind);
        foreach (var rule in _rules.Incidents)
        {
            if (incident.Severity >= rule.SeverityMin && (rule.Kinds.Count == 0 || rule.Kinds.Contains(kind))
                && rule.Devices.IsMatch(incident.Device) && rule.Sensors.IsMatch(incident.Sensor))
            {
                return rule;
            }
        }

        return null;
    }

    private void Add(Incident incident, AlarmPriority priority, RuleHandling handling, long timestampMs)
    {
        var condition = new AlarmCondition
        {
            Device = incident.Device,
            Sensor = incident.Sensor,
            Source = SourceOf(incident.Kind),
            Kind = NameOf(incident.Kind),
            Active = incident.State != IncidentState.Ended,
            Priority = priority,
            Text = incident.Text,
            Unit = incident.Unit,
            EventTimeUs = incident.StartUs,
            IncidentId = incident.Id,
            Severity = incident.Severity,
            Handling = handling.ToMessage(),
        };
        if (incident.Kind != IncidentKind.Silent && double.IsFinite(incident.Value))
        {
            condition.Value = incident.Value;
        }

        _outputs.Add(new FoldRecord(
            LogTopics.AlarmInputs, Encoding.UTF8.GetBytes(incident.Device), new AlarmInput { Condition = condition }.ToByteArray(), timestampMs));
    }
}
