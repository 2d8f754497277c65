using System.Text;
using Telemetry.Alarms.Folding;
using Telemetry.Alarms.Rules;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Tests.Alarms;

/// <summary>Rules over readings with a clock that the test turns, and a state topic they can be restored from.</summary>
internal sealed class RuleFixture
{
    private readonly Dictionary<string, byte[]> _state = [];
    private readonly List<AlarmInput> _inputs = [];
    private AlarmRules _rules;

    public RuleFixture(string rules)
    {
        _rules = Parse(rules);
        Fold = New();
        Fold.Loaded();
        Fold.UseRules(_rules, 0);
    }

    public RuleFold Fold { get; private set; }

    public long NowMs { get; set; } = 1_700_000_000_000;

    public long Offset { get; private set; }

    /// <summary>What was told since the last call: device, sensor, source and whether it holds.</summary>
    public List<string> Taken()
    {
        List<string> taken =
        [
            .. _inputs.Select(i => i.InputCase == AlarmInput.InputOneofCase.Condition
                ? $"{i.Condition.Device}/{i.Condition.Sensor} {i.Condition.Source} {(i.Condition.Active ? "holds" : "over")}"
                : $"{i.Member.Group} {i.Member.Member} {(i.Member.Active ? "in" : "out")} {i.Member.AtLeast}"),
        ];
        _inputs.Clear();
        return taken;
    }

    public AlarmCondition Last => _inputs.Last(i => i.InputCase == AlarmInput.InputOneofCase.Condition).Condition;

    public RuleFixture Pass(string duration)
    {
        NowMs += (long)DurationText.Parse(duration).TotalMilliseconds;
        return this;
    }

    /// <summary>A reading of now, or of so long ago.</summary>
    public RuleFixture Reading(string sensor, double value, string device = "press-07", string ago = "0s") =>
        Send(Record(device, NowMs - (long)DurationText.Parse(ago).TotalMilliseconds, (sensor, value)));

    /// <summary>A record on the partition that brings the time and nothing else.</summary>
    public RuleFixture Tick() => Send([]);

    /// <summary>A record of another device.</summary>
    public RuleFixture Other() => Send(Record("other-1", NowMs, ("level", 1)));

    public RuleFixture Use(string rules)
    {
        _rules = Parse(rules);
        Fold.UseRules(_rules, Offset);
        Collect();
        return this;
    }

    public RuleFixture Restart(string? rules = null)
    {
        _rules = rules is null ? _rules : Parse(rules);
        Fold = New();
        foreach (var (key, value) in _state)
        {
            Fold.Load(Convert.FromHexString(key), value);
        }

        Fold.Loaded();
        Fold.UseRules(_rules, Offset);
        Collect();
        return this;
    }

    public static AlarmRules Parse(string rules)
    {
        var parsed = AlarmRulesReader.Read(Encoding.UTF8.GetBytes("{\"rules\": [" + rules + "]}"), out var errors);
        errors.ShouldBeEmpty();
        return parsed!;
    }

    public static byte[] Record(string device, long timeMs, params (string Sensor, double Value)[] readings)
    {
        var batch = new ReadingBatch { Device = device, BootId = 1, FirstSequence = 1, BaseTimeUs = timeMs * 1000 };
        foreach (var (sensor, value) in readings)
        {
            if (readings.Length > 1)
            {
                batch.SensorIndexes.Add((uint)batch.Sensors.Count);
            }

            batch.Sensors.Add(sensor);
            batch.Values.Add(value);
        }

        return FramedMessage.Write(batch, SchemaIds.ReadingBatch);
    }

    /// <summary>The device's data is deleted.</summary>
    public RuleFixture Delete(string device) => Send([], new DeviceDeletion(device, "ann").ToHeaders());

    /// <summary>Devices whose alarms are ordered to be deleted.</summary>
    public List<string> Deleted { get; } = [];

    public int StateEntries => _state.Count;

    private static RuleFold New() => new(new AlarmsOptions(), new RulesPins("rules", 0, []));

    private RuleFixture Send(byte[] value, RecordHeaders? headers = null)
    {
        Fold.Process(new LogRecord(LogTopics.Readings, 0, Offset++, NowMs, default, value, headers ?? RecordHeaders.Empty));
        Collect();
        return this;
    }

    private void Collect()
    {
        var changes = new FoldChanges();
        Fold.Collect(changes);
        Deleted.AddRange(changes.Outputs.Where(o => o.Headers is not null).Select(o => Encoding.UTF8.GetString(o.Key)));
        _inputs.AddRange(changes.Outputs.Where(o => o.Topic == LogTopics.AlarmInputs && o.Headers is null).Select(o => AlarmInput.Parser.ParseFrom(o.Value)));
        foreach (var (key, entry) in changes.State)
        {
            var name = Convert.ToHexString(key);
            if (entry.Length == 0)
            {
                _state.Remove(name);
            }
            else
            {
                _state[name] = entry;
            }
        }
    }
}
