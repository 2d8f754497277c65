namespace Telemetry.Query.Endpoints;

/// <summary>SQL of anomalies and device events.</summary>
internal static class EventSql
{
    public static string Anomalies(Filters filters) =>
        "SELECT event_time AS time, device, sensor, kind, if(isFinite(value), value, NULL) AS value, "
        + "if(isFinite(score), score, NULL) AS score, p_value AS pValue, martingale, detector, mode, reason "
        + $"FROM anomalies_data {filters.Where} ORDER BY event_time DESC, device, sensor, detector, sequence";

    public static string DeviceEvents(Filters filters) =>
        $"SELECT event_time AS time, device, kind, detail, figure FROM device_events_data {filters.Where} ORDER BY event_time DESC, device, sequence";
}
