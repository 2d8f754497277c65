using System.Text.Json;

namespace Telemetry.Contracts.Alarms;

/// <summary>Reads how the alarms of a rule are handled: delays, flap suppression, suppression by other alarms.</summary>
internal static class RuleHandlingReader
{
    public static RuleHandling Read(AlarmRuleFields fields, JsonElement item, string where)
    {
        var (count, within) = (0, TimeSpan.Zero);
        if (item.TryGetProperty("flap", out var flap) && fields.IsObject(flap, where + ".flap", ["count", "within"]))
        {
            count = fields.Integer(flap, where + ".flap", "count", 2, 100) ?? 0;
            within = fields.Duration(flap, where + ".flap", "within") ?? TimeSpan.Zero;
            if (count == 0 || within < TimeSpan.FromSeconds(1))
            {
                fields.Wrong(where + ".flap", "give count (2 to 100) and within, for example {\"count\": 5, \"within\": \"10m\"}.");
            }
        }

        return new RuleHandling
        {
            OnDelay = fields.Duration(item, where, "onDelay") ?? TimeSpan.Zero,
            OffDelay = fields.Duration(item, where, "offDelay") ?? TimeSpan.Zero,
            FlapCount = count,
            FlapWithin = within,
            SuppressedBy = fields.Texts(item, where, "suppressedBy", s => s.Length is > 0 and <= 80, "the name of a rule, or incident.KIND"),
        };
    }
}
