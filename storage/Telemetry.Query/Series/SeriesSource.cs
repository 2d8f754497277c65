using Telemetry.Query.Parameters;

namespace Telemetry.Query.Series;

/// <summary>Where readings are taken from, finest first.</summary>
internal enum SeriesSource
{
    Raw,
    Minute,
    Hour,
    Day,
}

internal static class SeriesSources
{
    /// <summary>Name in answers.</summary>
    public static string Name(this SeriesSource source) => source switch
    {
        SeriesSource.Minute => "1m",
        SeriesSource.Hour => "1h",
        SeriesSource.Day => "1d",
        _ => "raw",
    };

    /// <summary>View in the store, without the sink's marker rows.</summary>
    public static string View(this SeriesSource source) => source switch
    {
        SeriesSource.Minute => "readings_1m_data",
        SeriesSource.Hour => "readings_1h_data",
        SeriesSource.Day => "readings_1d_data",
        _ => "readings_data",
    };

    /// <summary>View of the rows of all devices of a sensor; of minutes and hours.</summary>
    public static string FleetView(this SeriesSource source) => source == SeriesSource.Minute ? "readings_1m_fleet_data" : "readings_1h_fleet_data";

    /// <summary>Length of one row's bucket in microseconds; 1 for raw.</summary>
    public static long Grain(this SeriesSource source) => source switch
    {
        SeriesSource.Minute => Step.Minute,
        SeriesSource.Hour => Step.Hour,
        SeriesSource.Day => Step.Day,
        _ => 1,
    };
}
