namespace Telemetry.Query.Endpoints;

/// <summary>SQL of incidents.</summary>
internal static class IncidentSql
{
    private const string Part =
        "Array(Tuple(sensor String, kind String, direction String, start Int64, peak Int64, last Int64, value Nullable(Float64), "
        + "score Nullable(Float64), severity UInt16, text String))";

    private static readonly string Columns =
        "event_time AS time, id, revision, state, device, sensor, kind, if(i.direction = 'unspecified', NULL, i.direction) AS direction, severity, text, "
        + "peak_time AS peakTime, last_time AS lastTime, if(state = 'ended', end_time, NULL) AS endTime, "
        + "(toUnixTimestamp64Micro(last_time) - toUnixTimestamp64Micro(event_time)) / 1e6 AS duration, "
        + string.Join(", ", new[]
        {
            ("value", "value"), ("usual_low", "usualLow"), ("usual_high", "usualHigh"), ("spreads", "spreads"),
            ("from_level", "fromLevel"), ("to_level", "toLevel"),
        }.Select(c => $"if(isFinite(i.{c.Item1}), i.{c.Item1}, NULL) AS {c.Item2}"))
        + ", run_length AS runLength, usual_run_length AS usualRunLength, if(isFinite(i.score), i.score, NULL) AS score, unit, detail, sensors, "
        + $"JSONExtract(i.parts, '{Part}') AS parts, sensor_count AS sensorCount, detectors, toBool(i.late) AS late";

    /// <summary>The newest record of each incident.</summary>
    /// <param name="fixedOnes">Conditions on what all records of an incident have in common.</param>
    /// <param name="changing">Conditions on its newest record.</param>
    public static string Newest(Filters fixedOnes, Filters changing) =>
        $"SELECT {Columns} FROM (SELECT * FROM incidents_data {fixedOnes.Where} ORDER BY event_time DESC, device, id, revision DESC LIMIT 1 BY id) AS i "
        + $"{changing.Where} ORDER BY i.event_time DESC, i.device, i.id";

    /// <summary>All records.</summary>
    public static string Records(Filters filters) => $"SELECT {Columns} FROM (SELECT * FROM incidents_data {filters.Where}) AS i ORDER BY i.id, i.revision";
}
