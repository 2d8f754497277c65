namespace Telemetry.Query.Series;

/// <summary>From which event time on each table is complete, microseconds since 1970; 0 when nothing was ever removed from it.</summary>
internal readonly record struct HeldSince(long Raw, long Minute, long Hour, long Day)
{
    /// <summary>From when on minutes and hours have rows of all devices of a sensor together, microseconds since 1970. Null: there are none.</summary>
    public long? Fleets { get; init; }

    public long Of(SeriesSource source) => source switch
    {
        SeriesSource.Minute => Minute,
        SeriesSource.Hour => Hour,
        SeriesSource.Day => Day,
        _ => Raw,
    };

    /// <summary>True: the table has all there ever was from <paramref name="from"/> on.</summary>
    public bool Covers(SeriesSource source, long from) => Of(source) <= from;
}
