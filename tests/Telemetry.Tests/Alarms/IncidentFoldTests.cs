using System.Text;
using Telemetry.Alarms.Folding;
using Telemetry.Alarms.Incidents;
using Telemetry.Alarms.Rules;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Tests.Alarms;

/// <summary>Which incidents become alarms is said by rules that are in force from an offset on, and the log says from which.</summary>
public sealed class IncidentFoldTests
{
    private const string Group = "incidents";

    private static readonly AlarmRules Silent = Parse("""{"incidents": [{"devices": "press-*", "alarm": false}, {"severityMin": 100, "priority": "critical"}]}""");

    [Fact]
    public void Rules_decide_from_their_offset_on_and_their_offset_is_on_the_log()
    {
        var fold = new IncidentFold(new RulesPins(Group, 3, []));
        fold.UseRules(AlarmRules.Default, 0);
        Send(fold, 0, "press-1", 400).ShouldBe(["press-1 holds Medium"]);
        fold.UseRules(Silent, 1);
        fold.HasChanges.ShouldBeTrue("also where no incident comes any more");
        Send(fold, 1, "press-1", 400).ShouldBe([$"pin/{Group}/3/1 {Silent.Fingerprint}"]);
        Send(fold, 2, "oven-1", 150).ShouldBe(["oven-1 holds Critical"]);
        fold.UseRules(Silent, 3);
        Send(fold, 3, "oven-1", 50).ShouldBeEmpty();
    }

    [Fact]
    public void The_order_to_delete_a_device_goes_on_to_its_alarms()
    {
        var fold = new IncidentFold(new RulesPins(Group, 3, []));
        fold.UseRules(AlarmRules.Default, 0);
        var order = new DeviceDeletion("press-1", "ann");
        fold.Process(new LogRecord(LogTopics.Incidents, 3, 0, 1, "press-1"u8.ToArray(), default, order.ToHeaders()));
        var changes = new FoldChanges();
        fold.Collect(changes);
        var record = changes.Outputs.Single(o => o.Topic == LogTopics.AlarmInputs);
        DeviceDeletion.Read(new LogRecord(record.Topic, 0, 0, record.TimestampMs, record.Key, record.Value, record.Headers!)).ShouldBe(order);
        fold.Malformed.ShouldBe(0);
    }

    [Fact]
    public void A_process_that_takes_over_pins_nothing_again()
    {
        var fold = new IncidentFold(new RulesPins(Group, 3, [new RulesPin(Group, 3, 1, Silent.Fingerprint)]));
        fold.UseRules(Silent, 5);
        fold.HasChanges.ShouldBeFalse();
        Send(fold, 5, "oven-1", 150).ShouldBe(["oven-1 holds Critical"]);

        // Changed twice before the next record: both are told, in their order.
        fold.UseRules(AlarmRules.Default, 6);
        fold.UseRules(Silent, 6);
        Collected(fold).ShouldBe([$"pin/{Group}/3/6 default {Silent.Fingerprint}"]);
        fold.UseRules(AlarmRules.Default, 6);
        Collected(fold).ShouldBe([$"pin/{Group}/3/6 default {Silent.Fingerprint} default"]);
    }

    [Fact]
    public void Only_so_many_pins_of_a_partition_are_kept()
    {
        var fold = new IncidentFold(new RulesPins(Group, 3, []));
        var book = new AlarmRulesBook();
        for (var i = 0; i < RulesPin.KeptMax + 10; i++)
        {
            fold.UseRules(i % 2 == 0 ? Silent : AlarmRules.Default, i);
            var changes = new FoldChanges();
            fold.Collect(changes);
            changes.Outputs.ForEach(output => book.Take(output.Key, output.Value));
        }

        book.PinsOf(Group, 3).Select(p => p.Offset).ShouldBe(Enumerable.Range(10, RulesPin.KeptMax).Select(i => (long)i));
        book.PinsOf(Group, 2).ShouldBeEmpty();
    }

    private static string[] Send(IncidentFold fold, long offset, string device, uint severity)
    {
        var incident = new Incident { Id = "a", Device = device, Sensor = "oil", Kind = IncidentKind.Spike, State = IncidentState.Open, Severity = severity };
        fold.Process(new LogRecord(
            LogTopics.Incidents, 3, offset, 1_700_000_000_000, default, FramedMessage.Write(incident, SchemaIds.Incident), RecordHeaders.Empty));
        return Collected(fold);
    }

    private static string[] Collected(IncidentFold fold)
    {
        var changes = new FoldChanges();
        fold.Collect(changes);
        return
        [
            .. changes.Outputs.Select(o => o.Topic == LogTopics.AlarmRules
                ? $"{Encoding.UTF8.GetString(o.Key)} {Encoding.ASCII.GetString(o.Value)}"
                : AlarmInput.Parser.ParseFrom(o.Value).Condition is var c ? $"{c.Device} {(c.Active ? "holds" : "over")} {c.Priority}" : ""),
        ];
    }

    private static AlarmRules Parse(string document)
    {
        var rules = AlarmRulesReader.Read(Encoding.UTF8.GetBytes(document), out var errors);
        errors.ShouldBeEmpty();
        return rules!;
    }
}
