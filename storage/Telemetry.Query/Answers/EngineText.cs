namespace Telemetry.Query.Answers;

/// <summary>Writes values as ClickHouse reads them inside an array or tuple parameter.</summary>
internal static class EngineText
{
    public static string Quote(string text) =>
        "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";

    /// <summary>An array of tuples of device and sensor.</summary>
    public static string Pairs(IEnumerable<SeriesName> series) =>
        "[" + string.Join(",", series.Select(name => $"({Quote(name.Device)},{Quote(name.Sensor)})")) + "]";

    /// <summary>An array of strings.</summary>
    public static string Array(IEnumerable<string> texts) => "[" + string.Join(",", texts.Select(Quote)) + "]";
}
