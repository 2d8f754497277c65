using Telemetry.Simulator.Machines;

namespace Telemetry.Operations.Scoring;

/// <summary>
/// Which alarms a condition explains: they are neither right nor false, and are counted apart. Everything else in a condition is judged as
/// usual: a spike in readings that came late is to be found, and a level shift found there that was none is false.
/// </summary>
internal static class ConditionRules
{
    private const string Vibration = "vibration";
    private const string Bearing = "bearing_temperature";

    /// <summary>Kind of the condition that explains an alarm; null: none does.</summary>
    /// <param name="conditions">The device's conditions.</param>
    /// <param name="alarm">The alarm.</param>
    /// <param name="intervalUs">Time between two readings of the device.</param>
    public static string? Explain(IReadOnlyList<PlayedLabel> conditions, in ScoredAlarm alarm, long intervalUs)
    {
        foreach (var condition in conditions)
        {
            // Ten readings of the device behind it the condition may still show.
            if (alarm.TimeUs >= condition.StartUs && alarm.TimeUs < condition.EndUs + (10 * intervalUs) && Explains(condition, alarm))
            {
                return condition.Kind;
            }
        }

        return null;
    }

    private static bool Explains(PlayedLabel condition, in ScoredAlarm alarm) => condition.Kind switch
    {
        // The device says nothing, or nothing arrives.
        "power-off" or "offline" or "clock-set-back" => alarm.Sensor.Length == 0,
        "power-on" => true,
        "sensor-missing" => condition.Sensors.Contains(alarm.Sensor),
        "maintenance" => alarm.Sensor is Vibration or Bearing,
        _ => false,
    };
}
