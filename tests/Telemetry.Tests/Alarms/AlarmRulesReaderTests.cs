using System.Text;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;

namespace Telemetry.Tests.Alarms;

/// <summary>Reading a rules document, and what is said of one that cannot be used.</summary>
public sealed class AlarmRulesReaderTests
{
    [Fact]
    public void Every_kind_of_rule_is_read()
    {
        var rules = Read(
            """
            {
              // Comments and trailing commas are allowed.
              "incidents": [
                {"kinds": ["spike"], "devices": "test-*", "alarm": false},
                {"severityMin": 500, "priority": "high", "onDelay": "5s"},
              ],
              "rules": [
                {"name": "oil-hot", "type": "threshold", "devices": "press-*", "sensor": "oil", "above": 90, "deadband": 5, "for": "30s",
                 "priority": "critical", "onDelay": "10s", "offDelay": "1m", "flap": {"count": 5, "within": "10m"}, "suppressedBy": ["gone", "incident.silent"]},
                {"name": "fast", "type": "rate", "sensor": "pressure", "above": 2, "below": -2, "per": "10s"},
                {"name": "frozen", "type": "stale", "sensor": "temp*", "after": "10m", "deadband": 0.01},
                {"name": "gone", "type": "absent", "after": "5m"},
                {"name": "delta", "type": "expression", "expression": "inlet - outlet > 15"},
                {"name": "site-down", "type": "group", "devices": "site-a-*", "of": "gone", "atLeast": 10},
              ],
            }
            """);

        rules.Incidents.Count.ShouldBe(2);
        rules.Incidents[0].Alarm.ShouldBeFalse();
        rules.Incidents[1].Priority.ShouldBe(AlarmPriority.High);
        rules.Rules.Select(r => r.Type).ShouldBe(Enum.GetValues<RuleType>());
        var hot = rules.Rules[0];
        (hot.Above, hot.Deadband, hot.For, hot.Priority, hot.Handling.FlapCount, hot.Handling.OffDelay)
            .ShouldBe((90, 5, TimeSpan.FromSeconds(30), AlarmPriority.Critical, 5, TimeSpan.FromMinutes(1)));
        rules.Rules[1].Window.ShouldBe(TimeSpan.FromSeconds(10));
        rules.Rules[4].Expression!.Second.ShouldBe("outlet");
        rules.Rules[4].Window.ShouldBe(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void An_empty_document_is_the_default() => Read("{}").Incidents.ShouldBe(AlarmRules.Default.Incidents);

    [Theory]
    [InlineData("nothing", "the document: it is not JSON")]
    [InlineData("[]", "the document: an object was expected.")]
    [InlineData("""{"rule": []}""", "rule: is not known here. There are: incidents, rules, $schema.")]
    [InlineData("""{"rules": [{"name": "x"}]}""", "rules[0].type: give one of threshold, rate, stale, absent, expression, group.")]
    [InlineData("""{"rules": [{"name": "x", "type": "threshold", "sensor": "a"}]}""", "rules[0]: give above, below or both.")]
    [InlineData("""{"rules": [{"name": "x", "type": "threshold", "above": 1}]}""", "rules[0].sensor: name the sensor, or a pattern such as temp*.")]
    [InlineData("""{"rules": [{"name": "X y", "type": "absent", "after": "1m"}]}""", "rules[0].name: give it a name of 1 to 64 of a-z, 0-9 and -.")]
    [InlineData("""{"rules": [{"name": "x", "type": "absent", "after": "soon"}]}""", "rules[0].after: a duration up to 30d was expected, for example 30s or 5m.")]
    [InlineData("""{"rules": [{"name": "x", "type": "absent"}]}""", "rules[0].after: say after how long, for example 5m.")]
    [InlineData("""{"rules": [{"name": "x", "type": "absent", "after": "1m", "above": 3}]}""", "rules[0].above: is not known here.")]
    [InlineData("""{"rules": [{"name": "x", "type": "threshold", "sensor": "a", "above": 1, "below": 2}]}""", "rules[0].below: is not less than above")]
    [InlineData("""{"rules": [{"name": "x", "type": "threshold", "sensor": "a", "above": 2, "below": 1, "deadband": 1}]}""", "rules[0].deadband: is so wide")]
    [InlineData("""{"rules": [{"name": "x", "type": "expression", "expression": "a > 1"}]}""", "rules[0].expression: it must name two sensors")]
    [InlineData("""{"rules": [{"name": "x", "type": "group", "of": "y", "atLeast": 2}]}""", "rules 'x'.of: 'y' is not the name of another rule over readings.")]
    [InlineData("""{"rules": [{"name": "x", "type": "absent", "after": "1m", "suppressedBy": ["z"]}]}""", "rules 'x'.suppressedBy: 'z' is neither the name of a rule nor incident.KIND.")]
    [InlineData("""{"rules": [{"name": "x", "type": "absent", "after": "1m"}, {"name": "x", "type": "absent", "after": "2m"}]}""", "rules: 2 rules are named 'x'; a name stands for one.")]
    [InlineData("""{"rules": [{"name": "x", "type": "absent", "after": "1m", "priority": "urgent"}]}""", "rules[0].priority: give one of low, medium, high, critical.")]
    [InlineData("""{"rules": [{"name": "x", "type": "absent", "after": "1m", "flap": {"count": 5}}]}""", "rules[0].flap: give count (2 to 100) and within")]
    [InlineData("""{"incidents": [{"kinds": ["bump"]}]}""", "incidents[0].kinds[0]: give one of change-point, counter-reset, drift")]
    public void What_is_wrong_is_said_with_its_place(string document, string error)
    {
        AlarmRulesReader.Read(Encoding.UTF8.GetBytes(document), out var errors).ShouldBeNull();

        errors.Select(e => e.ToString()).ShouldContain(e => e.StartsWith(error, StringComparison.Ordinal), string.Join("\n", errors));
    }

    [Theory]
    [InlineData("inlet - outlet > 15", 40, 20, true)]
    [InlineData("inlet - outlet > 15", 30, 20, false)]
    [InlineData("abs('temp/a' - 'temp/b') >= 2.5", 1, 3.5, true)]
    [InlineData("max(a, b) / min(a, b) > 1 + 1", 1, 3, true)]
    [InlineData("-a + 2 * (b - 1e1) < -3", 5, 10.5, true)]
    [InlineData("a / b > 0", 1, 0, true)] // Infinity.
    [InlineData("a / b > 0", 0, 0, false)] // Not a number.
    public void Expressions_compute(string text, double first, double second, bool holds)
    {
        var expression = SensorExpression.Parse(text);
        expression.Holds(expression.Evaluate(first, second), false, 0).ShouldBe(holds);
    }

    [Theory]
    [InlineData("a - b", "at character 6: a comparison was expected")]
    [InlineData("a - b > c", "it may name two sensors.")]
    [InlineData("a > b", "at character 4: on the right stands a number")]
    [InlineData("a - 'b > 3", "at character 5: a quoted sensor name does not end.")]
    [InlineData("sqrt(a) - b > 3", "there is no function 'sqrt'")]
    [InlineData("(a - b > 3", "')' was expected")]
    [InlineData("a - b > 3 4", "something is left over")]
    [InlineData("a -- > 3", "a sensor, a number or a bracket was expected")]
    public void What_is_wrong_with_an_expression_is_said_with_its_place(string text, string error) =>
        Should.Throw<FormatException>(() => SensorExpression.Parse(text)).Message.ShouldContain(error);

    [Fact]
    public void Nesting_has_an_end() =>
        Should.Throw<FormatException>(() => SensorExpression.Parse(new string('(', 200) + "a")).Message.ShouldContain("nested too deep");

    [Theory]
    [InlineData("*", "anything", true)]
    [InlineData("press-*", "press-07", true)]
    [InlineData("press-*", "pres-07", false)]
    [InlineData("*-0?", "press-07", true)]
    [InlineData("a*b*c", "axxbyyc", true)]
    [InlineData("a*b*c", "axxbyy", false)]
    [InlineData("", "", true)]
    [InlineData("?", "", false)]
    public void Patterns_match(string pattern, string name, bool matches) => new NamePattern(pattern).IsMatch(name).ShouldBe(matches);

    private static AlarmRules Read(string document)
    {
        var rules = AlarmRulesReader.Read(Encoding.UTF8.GetBytes(document), out var errors);
        errors.ShouldBeEmpty();
        return rules.ShouldNotBeNull();
    }
}
