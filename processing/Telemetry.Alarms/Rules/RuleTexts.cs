using System.Globalization;
using Telemetry.Contracts.Alarms;

namespace Telemetry.Alarms.Rules;

/// <summary>The sentence of a condition.</summary>
internal static class RuleTexts
{
    public static string Of(AlarmRule rule, string device, RuleState state)
    {
        var template = rule.Text.Length > 0 ? rule.Text : Default(rule, state);
        return template
            .Replace("{device}", device, StringComparison.Ordinal)
            .Replace("{sensor}", state.Sensor, StringComparison.Ordinal)
            .Replace("{value}", Number(ValueOf(rule, state)), StringComparison.Ordinal)
            .Replace("{limit}", Number(LimitOf(rule, state)), StringComparison.Ordinal)
            .Replace("{for}", Duration(rule.Type is RuleType.Stale or RuleType.Absent ? rule.Window : rule.For), StringComparison.Ordinal);
    }

    /// <summary>Of a group, {count} stays: the keeper counts.</summary>
    public static string OfGroup(AlarmRule rule) => rule.Text.Length > 0 ? rule.Text : $"{{count}} devices meet '{rule.Of}' (limit {Number(rule.AtLeast)})";

    /// <summary>The figure that raised it; null: there is none.</summary>
    public static double? ValueOf(AlarmRule rule, RuleState state) => rule.Type switch
    {
        RuleType.Absent => null,
        RuleType.Expression => rule.Expression!.Evaluate(state.Value, state.Other) is var value && double.IsFinite(value) ? value : null,
        _ => double.IsFinite(state.Value) ? state.Value : null,
    };

    private static double? LimitOf(AlarmRule rule, RuleState state) => rule.Type == RuleType.Expression
        ? rule.Expression!.Limit
        : state.Value > rule.Above ? rule.Above : rule.Below ?? rule.Above;

    private static string Default(AlarmRule rule, RuleState state)
    {
        var held = rule.For > TimeSpan.Zero ? " for {for}" : "";
        return rule.Type switch
        {
            RuleType.Threshold => $"{{sensor}} {{value}}, {Side(rule, state)} {{limit}}{held}",
            RuleType.Rate => $"{{sensor}} changes by {{value}} in {Duration(rule.Window)}, {Side(rule, state)} {{limit}}{held}",
            RuleType.Stale => "{sensor} stays at {value} for {for}",
            RuleType.Absent => state.Sensor.Length == 0 ? "{device} has sent nothing for {for}" : "{sensor} has sent nothing for {for}",
            _ => $"{rule.Expression!.Text}: {{value}}{held}",
        };
    }

    private static string Side(AlarmRule rule, RuleState state) => state.Value > rule.Above ? "above" : "below";

    private static string Number(double? value) => value?.ToString("G6", CultureInfo.InvariantCulture) ?? "";

    private static string Duration(TimeSpan span) => span switch
    {
        _ when span.Ticks % TimeSpan.TicksPerDay == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays} d"),
        _ when span.Ticks % TimeSpan.TicksPerHour == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours} h"),
        _ when span.Ticks % TimeSpan.TicksPerMinute == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds} s"),
    };
}
