namespace Telemetry.Storage.Schema;

/// <summary>
/// How columns are compressed, by what was measured (<c>./telemetry bench store-bytes</c>). A change is free: new parts and merges take it, old parts are read as they
/// are. Every codec gives back each value bit for bit.
/// </summary>
/// <param name="Table">Raw readings or a rollup.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Codec">The codec of each.</param>
internal sealed record ColumnCodec(string Table, IReadOnlyList<string> Columns, string Codec)
{
    private const string Raw = "readings";

    /// <summary>
    /// Time: T64 puts the bits of 64 differences that are equal side by side, so that ZSTD sees runs on a regular grid and only the bits that differ with jitter; without it, bytes that are
    /// random spoil those that are not. Rollups: hours and days are kept for good, so they have a higher level; it takes about a fifth of an INSERT's CPU where series
    /// have one reading each (docs/storage.md).
    /// </summary>
    public static readonly IReadOnlyList<ColumnCodec> All =
    [
        new(Raw, ["event_time"], "GCD, Delta, T64('bit'), ZSTD(1)"),
        new(Raw, ["value"], "Delta, ZSTD(3)"),
        new("readings_1m", ["vmin", "vmax", "vsum"], "Delta, ZSTD(3)"),
        new("readings_1m", ["first_reading", "last_reading"], "Delta(8), ZSTD(3)"),
        new("readings_1h", ["vmin", "vmax", "vsum", "vsq"], "Delta, ZSTD(6)"),
        new("readings_1h", ["first_reading", "last_reading"], "Delta(8), ZSTD(6)"),
        new("readings_1d", ["vmin", "vmax", "vsum", "vsq"], "Delta, ZSTD(6)"),
        new("readings_1d", ["first_reading", "last_reading"], "Delta(8), ZSTD(6)"),
        new("readings_1d", ["q"], "ZSTD(6)"),
    ];

    /// <summary>Name under which a store notes which it has.</summary>
    public string Setting => Table == Raw ? $"codec_{Columns[0]}" : $"codec_{Table}_{Columns[0]}";

    /// <summary>The statement that puts it in force.</summary>
    public string Statement => $"ALTER TABLE {Table} {string.Join(", ", Columns.Select(c => $"MODIFY COLUMN {c} CODEC({Codec})"))}";
}
