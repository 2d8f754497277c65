using Telemetry.Contracts.Alarms;

namespace Telemetry.Alarms.Rules;

/// <summary>Whether the condition of a rule holds after a reading: pure functions of the state, the rule and the reading.</summary>
internal static class RuleConditions
{
    /// <summary>A reading behind the newest one is passed over, until nothing newer has come for this long: then the clock was set back.</summary>
    private const long BehindMs = 60_000;

    private const int AnchorsMax = 8;

    /// <summary>Takes a reading of a threshold, a rate or a stale rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="state">Its state.</param>
    /// <param name="timeUs">Event time.</param>
    /// <param name="value">Value, not NaN.</param>
    /// <param name="nowMs">Time of the record.</param>
    /// <returns>False: the reading is passed over.</returns>
    public static bool Take(AlarmRule rule, RuleState state, long timeUs, double value, long nowMs)
    {
        if (!Enter(state, timeUs, nowMs))
        {
            return false;
        }

        switch (rule.Type)
        {
            case RuleType.Threshold:
                state.Value = value;
                Limit(rule, state, timeUs, value);
                break;
            case RuleType.Rate:
                if (Rate(state, timeUs, value, Micros(rule.Window)) is { } rate)
                {
                    state.Value = rate;
                    Limit(rule, state, timeUs, rate);
                }

                break;
            default:
                Stale(rule, state, timeUs, value);
                break;
        }

        return true;
    }

    /// <summary>Takes a reading of one of the two sensors of an expression.</summary>
    public static bool TakePart(AlarmRule rule, RuleState state, bool isFirst, long timeUs, double value, long nowMs)
    {
        var newest = isFirst ? state.ValueUs : state.OtherUs;
        if (timeUs <= newest && nowMs - state.SeenMs < BehindMs)
        {
            return false;
        }

        state.SeenMs = nowMs;
        if (isFirst)
        {
            (state.Value, state.ValueUs) = (value, timeUs);
        }
        else
        {
            (state.Other, state.OtherUs) = (value, timeUs);
        }

        state.TimeUs = Math.Max(state.ValueUs, state.OtherUs);
        if (state.ValueUs == 0 || state.OtherUs == 0 || Math.Abs(state.ValueUs - state.OtherUs) > Micros(rule.Window))
        {
            return true;
        }

        var expression = rule.Expression!;
        var result = expression.Evaluate(state.Value, state.Other);
        Settle(rule, state, timeUs, expression.Holds(result, false, 0), !expression.Holds(result, true, rule.Deadband));
        return true;
    }

    private static bool Enter(RuleState state, long timeUs, long nowMs)
    {
        if (timeUs <= state.TimeUs && nowMs - state.SeenMs < BehindMs)
        {
            return false;
        }

        if (timeUs <= state.TimeUs)
        {
            // Times of another clock cannot be compared with these.
            state.SinceUs = state.IsActive ? timeUs : 0;
            state.Anchors.Clear();
        }

        (state.TimeUs, state.SeenMs) = (timeUs, nowMs);
        return true;
    }

    private static void Limit(AlarmRule rule, RuleState state, long timeUs, double value) => Settle(
        rule,
        state,
        timeUs,
        value > rule.Above || value < rule.Below,
        !(value > rule.Above - rule.Deadband) && !(value < rule.Below + rule.Deadband));

    private static void Settle(AlarmRule rule, RuleState state, long timeUs, bool isBeyond, bool isBack)
    {
        if (state.IsActive)
        {
            if (isBack)
            {
                (state.IsActive, state.SinceUs) = (false, 0);
            }
        }
        else if (!isBeyond)
        {
            state.SinceUs = 0;
        }
        else
        {
            state.SinceUs = state.SinceUs == 0 ? timeUs : state.SinceUs;
            state.IsActive = timeUs - state.SinceUs >= Micros(rule.For);
        }
    }

    private static void Stale(AlarmRule rule, RuleState state, long timeUs, double value)
    {
        if (state.SinceUs == 0 || !(Math.Abs(value - state.Value) <= rule.Deadband))
        {
            (state.Value, state.SinceUs, state.IsActive) = (value, timeUs, false);
        }
        else if (timeUs - state.SinceUs >= Micros(rule.Window))
        {
            state.IsActive = true;
        }
    }

    /// <summary>The change in one window, from the newest anchor that is a window old (or half of one, at the start); null: not known yet.</summary>
    private static double? Rate(RuleState state, long timeUs, double value, long windowUs)
    {
        var anchors = state.Anchors;
        while (anchors.Count > 1 && timeUs - anchors[1].TimeUs >= windowUs)
        {
            anchors.RemoveAt(0);
        }

        // After a gap the change since then says nothing of how fast it was.
        if (anchors.Count > 0 && timeUs - anchors[0].TimeUs > 2 * windowUs)
        {
            anchors.Clear();
        }

        double? rate = anchors.Count > 0 && timeUs - anchors[0].TimeUs is var age && age >= windowUs / 2
            ? (value - anchors[0].Value) / age * windowUs
            : null;
        if (anchors.Count == 0 || timeUs - anchors[^1].TimeUs >= windowUs / AnchorsMax)
        {
            anchors.Add((timeUs, value));
        }

        return rate;
    }

    private static long Micros(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
