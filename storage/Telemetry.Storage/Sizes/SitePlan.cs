namespace Telemetry.Storage.Sizes;

/// <summary>What a site measures, and how long it keeps it.</summary>
/// <param name="Devices">Devices, 1 or more.</param>
/// <param name="Sensors">Sensors of a device, 1 or more.</param>
/// <param name="Interval">Time between two readings of a sensor, more than zero; of bursts the mean over all readings.</param>
/// <param name="Kind">Which of the measured data sets its readings are like.</param>
/// <param name="Span">How long it has been running: what is planned for.</param>
/// <param name="RawRetention">Raw readings older than this go, a whole month at a time.</param>
/// <param name="MinuteRetention">Rows of the minutes' rollup older than this go, a whole month at a time; zero: there are none.</param>
public sealed record SitePlan(long Devices, long Sensors, TimeSpan Interval, DataKind Kind, TimeSpan Span, TimeSpan RawRetention, TimeSpan MinuteRetention)
{
    private static readonly TimeSpan Month = TimeSpan.FromDays(31);

    /// <summary>Readings a day, all sensors together.</summary>
    public double ReadingsPerDay => Devices * Sensors * (TimeSpan.FromDays(1) / Interval);

    /// <summary>Works out what the store will take.</summary>
    /// <param name="diskBytes">A disk to fit into; null: none is asked for.</param>
    public StorePlan Work(double? diskBytes = null)
    {
        var size = MeasuredSizes.Of(Kind);
        var series = (double)Devices * Sensors;
        List<PlannedTable> tables =
        [
            Table("readings", ReadingsPerDay, size.Raw, RawRetention),
            Table("readings_1m", series * PerDay(TimeSpan.FromMinutes(1)), size.Minute, MinuteRetention),
            Table("readings_1h", series * PerDay(TimeSpan.FromHours(1)), size.Hour, TimeSpan.MaxValue),
            Table("readings_1d", series * PerDay(TimeSpan.FromDays(1)), size.Day, TimeSpan.MaxValue),
        ];
        var written = (MeasuredSizes.WrittenBytesPerSecond * TimeSpan.FromDays(1).TotalSeconds) + (MeasuredSizes.WrittenBytesPerReading * ReadingsPerDay);
        return new StorePlan(
            ReadingsPerDay, tables[0].Rows, tables.Sum(t => t.Bytes), tables.Sum(t => t.Bytes) / tables[0].Rows, written, tables, diskBytes is { } disk ? DaysThatFit(disk, size, series) : null,
            MeasuredSizes.MeasuredBy);
    }

    /// <summary>Buckets of a series that have readings, a day.</summary>
    private double PerDay(TimeSpan bucket) => TimeSpan.FromDays(1) / (Interval > bucket ? Interval : bucket);

    private PlannedTable Table(string name, double rowsPerDay, double bytesPerRow, TimeSpan retention)
    {
        var most = Most(retention);
        var kept = most < Span ? most : Span;
        var rows = rowsPerDay * kept.TotalDays;
        return new PlannedTable(name, kept.TotalDays, rows, bytesPerRow, rows * bytesPerRow);
    }

    /// <summary>Days of everything, minutes no longer than their retention, in nine tenths of the disk: merges need the rest.</summary>
    private double DaysThatFit(double disk, MeasuredSize size, double series)
    {
        var room = disk * 0.9;
        var minutes = series * PerDay(TimeSpan.FromMinutes(1)) * size.Minute;
        var others = (ReadingsPerDay * size.Raw) + (series * ((PerDay(TimeSpan.FromHours(1)) * size.Hour) + (PerDay(TimeSpan.FromDays(1)) * size.Day)));
        var withMinutes = room / (others + minutes);
        var kept = Most(MinuteRetention).TotalDays;
        return withMinutes <= kept ? withMinutes : (room - (minutes * kept)) / others;
    }

    /// <summary>How long a table has a reading at most: a month goes as a whole, when its last reading is older than the retention.</summary>
    private static TimeSpan Most(TimeSpan retention) =>
        retention == TimeSpan.Zero ? TimeSpan.Zero : retention < TimeSpan.MaxValue - Month ? retention + Month : TimeSpan.MaxValue;
}

/// <summary>What a site's store will take.</summary>
/// <param name="ReadingsPerDay">Readings a day.</param>
/// <param name="Readings">Raw readings kept at the end.</param>
/// <param name="Bytes">Bytes of all tables at the end.</param>
/// <param name="BytesPerReading">Of all tables, for each raw reading kept.</param>
/// <param name="WrittenBytesPerDay">Bytes that the platform writes to disk a day, log and merges included.</param>
/// <param name="Tables">By table.</param>
/// <param name="DaysThatFit">Days of readings that fit the disk asked for; null: none was.</param>
/// <param name="MeasuredBy">Where the figures come from.</param>
public sealed record StorePlan(
    double ReadingsPerDay, double Readings, double Bytes, double BytesPerReading, double WrittenBytesPerDay, IReadOnlyList<PlannedTable> Tables, double? DaysThatFit, string MeasuredBy);

/// <summary>A table of it.</summary>
/// <param name="Table">Its name.</param>
/// <param name="KeptDays">How many days it holds at the end.</param>
/// <param name="Rows">Rows at the end.</param>
/// <param name="BytesPerRow">As measured.</param>
/// <param name="Bytes">Bytes at the end.</param>
public sealed record PlannedTable(string Table, double KeptDays, double Rows, double BytesPerRow, double Bytes);
