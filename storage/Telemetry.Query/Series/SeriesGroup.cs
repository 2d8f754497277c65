namespace Telemetry.Query.Series;

/// <summary>What tells the series of one answer apart, in SQL.</summary>
/// <param name="Expressions">Columns as read from a table, each with a comma behind it.</param>
/// <param name="Columns">Their names, each with a comma behind it.</param>
internal sealed record SeriesGroup(string Expressions, string Columns)
{
    /// <summary>A series a device.</summary>
    public static SeriesGroup Device { get; } = new("device, ", "device, ");

    /// <summary>A series a device and sensor.</summary>
    public static SeriesGroup Series { get; } = new("device, sensor, ", "device, sensor, ");

    /// <summary>A series for each value of an expression over device.</summary>
    public static SeriesGroup Of(string expression) => new($"{expression} AS place, ", "place, ");
}
