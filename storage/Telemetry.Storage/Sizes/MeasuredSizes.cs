namespace Telemetry.Storage.Sizes;

/// <summary>Data sets whose cost was measured.</summary>
public enum DataKind
{
    /// <summary>All sensors of a device at one moment, at whole seconds.</summary>
    Regular,

    /// <summary>Each reading up to a second late, in milliseconds.</summary>
    Jitter,

    /// <summary>Hundreds of readings of one sensor at a time, milliseconds apart, between long pauses.</summary>
    Bursts,

    /// <summary>Counters and states.</summary>
    States,
}

/// <summary>Names of the kinds, as commands and the API write them.</summary>
public static class DataKinds
{
    public static IReadOnlyDictionary<string, DataKind> Names { get; } = Enum.GetValues<DataKind>().ToDictionary(k => k.ToString().ToLowerInvariant());
}

/// <summary>Bytes on disk after merging: of a raw reading, and of a row of each rollup.</summary>
internal sealed record MeasuredSize(double Raw, double Minute, double Hour, double Day);

/// <summary>Measured costs, the one place that has them. <c>./telemetry bench store-bytes</c> and <c>./telemetry bench writes</c> measure them again.</summary>
internal static class MeasuredSizes
{
    public const string MeasuredBy =
        "./telemetry bench store-bytes 12 28; writes by ./telemetry bench writes 170, one reading a publish, while nobody queries the store (2026-11)";

    /// <summary>
    /// Bytes written a second however few readings come in it: blocks of 4 KiB of up to 50 commits of the log a second, and files of small parts. Measured at 10 million readings an hour.
    /// </summary>
    public const double WrittenBytesPerSecond = 400_000;

    /// <summary>Bytes written for each reading beside that: its record and its share of the state on the log (120), raw with merges (37), rollups with merges (about 55).</summary>
    public const double WrittenBytesPerReading = 212;

    public static MeasuredSize Of(DataKind kind) => kind switch
    {
        DataKind.Regular => new(1.954, 10.13, 17.72, 66.62),
        DataKind.Jitter => new(3.433, 14.90, 22.84, 73.23),
        DataKind.Bursts => new(7.445, 15.87, 22.10, 64.39),
        _ => new(1.357, 5.77, 14.04, 49.21),
    };
}
