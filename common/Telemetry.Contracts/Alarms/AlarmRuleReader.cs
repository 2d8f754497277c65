using System.Text.Json;
using System.Text.RegularExpressions;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Alarms;

/// <summary>Reads one rule over readings.</summary>
internal sealed partial class AlarmRuleReader(AlarmRuleFields fields)
{
    private static readonly string[] Common =
        ["name", "type", "devices", "alarm", "priority", "text", "onDelay", "offDelay", "flap", "suppressedBy"];

    private static readonly Dictionary<RuleType, string[]> Own = new()
    {
        [RuleType.Threshold] = ["sensor", "above", "below", "deadband", "for"],
        [RuleType.Rate] = ["sensor", "above", "below", "deadband", "for", "per"],
        [RuleType.Stale] = ["sensor", "after", "deadband"],
        [RuleType.Absent] = ["sensor", "after"],
        [RuleType.Expression] = ["expression", "deadband", "for", "maxAge"],
        [RuleType.Group] = ["of", "atLeast"],
    };

    /// <returns>The rule, with something harmless in place of what is wrong; null when not even its type is known.</returns>
    public AlarmRule? Read(JsonElement item, string where)
    {
        if (!fields.IsObject(item, where, null))
        {
            return null;
        }

        if (fields.Text(item, where, "type") is not { } typeName || !Enum.TryParse<RuleType>(typeName, ignoreCase: true, out var type) || char.IsDigit(typeName[0]))
        {
            fields.Wrong(where + ".type", $"give one of {string.Join(", ", KebabCase.OfAll<RuleType>())}.");
            return null;
        }

        fields.IsObject(item, where, [.. Common, .. Own[type]]);
        var name = fields.Text(item, where, "name") ?? "";
        if (!RuleName().IsMatch(name))
        {
            fields.Wrong(where + ".name", "give it a name of 1 to 64 of a-z, 0-9 and -.");
        }

        var rule = new AlarmRule
        {
            Name = name,
            Type = type,
            Devices = fields.Pattern(item, where, "devices") ?? NamePattern.Any,
            Sensors = fields.Pattern(item, where, "sensor"),
            Above = fields.Number(item, where, "above"),
            Below = fields.Number(item, where, "below"),
            Deadband = fields.Number(item, where, "deadband") ?? 0,
            For = fields.Duration(item, where, "for") ?? TimeSpan.Zero,
            Window = WindowOf(item, where, type),
            Expression = type == RuleType.Expression ? Expression(item, where) : null,
            Alarm = !item.TryGetProperty("alarm", out var alarm) || fields.Boolean(alarm, where + ".alarm"),
            Of = fields.Text(item, where, "of") ?? "",
            AtLeast = fields.Integer(item, where, "atLeast", 1, 1_000_000) ?? 0,
            Priority = fields.Priority(item, where) ?? AlarmPriority.Medium,
            Text = fields.Text(item, where, "text") ?? "",
            Handling = RuleHandlingReader.Read(fields, item, where),
        };
        CheckType(rule, where);
        return rule;
    }

    private void CheckType(AlarmRule rule, string where)
    {
        if (rule.Type is RuleType.Threshold or RuleType.Rate or RuleType.Stale && rule.Sensors is null)
        {
            fields.Wrong(where + ".sensor", "name the sensor, or a pattern such as temp*.");
        }

        if (rule.Type is RuleType.Threshold or RuleType.Rate)
        {
            if (rule.Above is null && rule.Below is null)
            {
                fields.Wrong(where, "give above, below or both.");
            }
            else if (rule.Below >= rule.Above)
            {
                fields.Wrong(where + ".below", "is not less than above: every value would be beyond a limit.");
            }
        }

        if (rule.Deadband < 0)
        {
            fields.Wrong(where + ".deadband", "give 0 or more.");
        }

        if (rule.Above is { } above && rule.Below is { } below && above - rule.Deadband < below + rule.Deadband)
        {
            fields.Wrong(where + ".deadband", "is so wide that no value between the limits ends the condition.");
        }

        if (rule.Type == RuleType.Group && rule.AtLeast == 0)
        {
            fields.Wrong(where + ".atLeast", "give the number of devices, 1 or more.");
        }

        if (rule.Text.Length > 500)
        {
            fields.Wrong(where + ".text", "is longer than 500 characters.");
        }
    }

    private TimeSpan WindowOf(JsonElement item, string where, RuleType type)
    {
        var (name, fallback) = type switch
        {
            RuleType.Rate => ("per", TimeSpan.FromMinutes(1)),
            RuleType.Expression => ("maxAge", TimeSpan.FromMinutes(5)),
            RuleType.Stale or RuleType.Absent => ("after", TimeSpan.Zero),
            _ => ("", TimeSpan.Zero),
        };
        if (name.Length == 0)
        {
            return TimeSpan.Zero;
        }

        var given = fields.Duration(item, where, name);
        if (given is { } span && span < TimeSpan.FromSeconds(1))
        {
            fields.Wrong($"{where}.{name}", "give 1s or more.");
        }
        else if (given is null && fallback == TimeSpan.Zero && !item.TryGetProperty(name, out _))
        {
            fields.Wrong($"{where}.{name}", "say after how long, for example 5m.");
        }

        return given ?? fallback;
    }

    private SensorExpression? Expression(JsonElement item, string where)
    {
        if (fields.Text(item, where, "expression") is not { } text)
        {
            fields.Wrong(where + ".expression", "give a comparison over two sensors, for example inlet - outlet > 15.");
            return null;
        }

        try
        {
            return SensorExpression.Parse(text);
        }
        catch (FormatException error)
        {
            fields.Wrong(where + ".expression", error.Message);
            return null;
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex RuleName();
}
