using System.Text;
using Google.Protobuf;
using Telemetry.Alarms.Folding;
using Telemetry.Alarms.Keeping;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Tests.Alarms;

/// <summary>A keeper with a clock that the test turns, and a state topic it can be restored from.</summary>
internal sealed class KeeperFixture
{
    private readonly AlarmsOptions _options;
    private readonly Dictionary<string, byte[]> _state = [];
    private readonly List<AlarmChange> _changes = [];

    public KeeperFixture(AlarmsOptions? options = null)
    {
        _options = options ?? new AlarmsOptions();
        Keeper = new AlarmKeeper(_options, 0);
        Keeper.Loaded();
    }

    public AlarmKeeper Keeper { get; private set; }

    public long NowMs { get; private set; } = 1_700_000_000_000;

    public long Offset { get; private set; }

    /// <summary>All changes so far.</summary>
    public IReadOnlyList<AlarmChange> Changes => _changes;

    public IReadOnlyList<FoldRecord> DeadLetters { get; private set; } = [];

    public int StateEntries => _state.Count;

    /// <summary>The only alarm.</summary>
    public Alarm Alarm => Keeper.Alarms.ShouldHaveSingleItem();

    public Alarm AlarmOf(string source) => Keeper.Alarms.Single(a => a.Source == source);

    /// <summary>The transitions since the last call.</summary>
    public List<AlarmTransition> Taken()
    {
        List<AlarmTransition> taken = [.. _changes.Select(c => c.Transition)];
        _changes.Clear();
        return taken;
    }

    public KeeperFixture Pass(string duration)
    {
        NowMs += (long)Telemetry.Contracts.Text.DurationText.Parse(duration).TotalMilliseconds;
        return Send(new AlarmInput { Tick = new AlarmTick() });
    }

    public KeeperFixture Holds(string source, RuleHandling? handling = null, string device = "press-07", AlarmPriority priority = AlarmPriority.Medium, string incident = "") =>
        Send(new AlarmInput { Condition = Condition(true, source, handling, device, priority, incident) });

    public KeeperFixture Over(string source, RuleHandling? handling = null, string device = "press-07", string incident = "") =>
        Send(new AlarmInput { Condition = Condition(false, source, handling, device, AlarmPriority.Medium, incident) });

    public KeeperFixture Do(AlarmAction action, string source = "hot", string untilIn = "0s", string comment = "", string by = "ann", ulong expected = 0) => Send(new AlarmInput
    {
        Command = new AlarmCommand
        {
            CommandId = $"c{Offset}",
            AlarmId = AlarmId.Of("press-07", "oil", source),
            Device = "press-07",
            Action = action,
            By = by,
            Comment = comment,
            ExpectedVersion = expected,
            UntilUs = (NowMs + (long)Telemetry.Contracts.Text.DurationText.Parse(untilIn).TotalMilliseconds) * 1000,
        },
    });

    public KeeperFixture Send(AlarmInput input) => Send(input.ToByteArray());

    public KeeperFixture Send(byte[] value) => Send(value, RecordHeaders.Empty);

    /// <summary>The device's data is deleted.</summary>
    public KeeperFixture Delete(string device = "press-07") => Send([], new DeviceDeletion(device, "ann").ToHeaders());

    /// <summary>Devices that are ordered to be deleted from the changes.</summary>
    public List<string> Deleted { get; } = [];

    private KeeperFixture Send(byte[] value, RecordHeaders headers)
    {
        Keeper.Process(new LogRecord(LogTopics.AlarmInputs, 0, Offset++, NowMs, default, value, headers));
        var changes = new FoldChanges();
        Keeper.Collect(changes);
        Deleted.AddRange(changes.Outputs.Where(o => o.Headers is not null).Select(o => Encoding.UTF8.GetString(o.Key)));
        _changes.AddRange(changes.Outputs.Where(o => o.Topic == LogTopics.Alarms && o.Headers is null).Select(o => Decode(o.Value)));
        DeadLetters = [.. DeadLetters, .. changes.Outputs.Where(o => o.Topic == LogTopics.DeadLetters)];
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

        return this;
    }

    /// <summary>The process ends and another goes on: state as it was committed, and nothing else.</summary>
    public KeeperFixture Restart()
    {
        Keeper = new AlarmKeeper(_options, 0);
        foreach (var (key, value) in _state)
        {
            Keeper.Load(Convert.FromHexString(key), value);
        }

        Keeper.Loaded();
        return this;
    }

    public static AlarmChange Decode(byte[] value)
    {
        ConfluentFrame.TryRead(value, out var schemaId, out var message).ShouldBeTrue();
        schemaId.ShouldBe(SchemaIds.AlarmChange);
        return AlarmChange.Parser.ParseFrom(message.Span);
    }

    private AlarmCondition Condition(bool active, string source, RuleHandling? handling, string device, AlarmPriority priority, string incident) => new()
    {
        Device = device,
        Sensor = "oil",
        Source = source,
        Kind = "threshold",
        Active = active,
        Priority = priority,
        Text = "oil 91.5 above 90",
        Value = 91.5,
        Unit = "degC",
        EventTimeUs = NowMs * 1000,
        IncidentId = incident,
        Handling = (handling ?? new RuleHandling()).ToMessage(),
    };
}
