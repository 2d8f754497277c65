namespace Telemetry.Storage.Schema;

/// <summary>
/// How a column of raw readings is compressed, by what was measured (<c>./telemetry bench store-bytes</c>). A change is free: new parts and merges take it, old parts are read as they
/// are. Every codec gives back each value bit for bit.
/// </summary>
/// <param name="Column">Column of <c>readings</c>.</param>
/// <param name="Codec">The codec.</param>
internal sealed record ColumnCodec(string Column, string Codec)
{
    /// <summary>
    /// Time: T64 puts the bits of 64 differences that are equal side by side, so that ZSTD sees runs on a regular grid and only the bits that differ with jitter; without it, bytes that are
    /// random spoil those that are not.
    /// </summary>
    public static readonly IReadOnlyList<ColumnCodec> All =
    [
        new("event_time", "GCD, Delta, T64('bit'), ZSTD(1)"),
        new("value", "Delta, ZSTD(3)"),
    ];

    /// <summary>Name under which a store notes which it has.</summary>
    public string Setting => $"codec_{Column}";

    /// <summary>The statement that puts it in force.</summary>
    public string Statement => $"ALTER TABLE readings MODIFY COLUMN {Column} CODEC({Codec})";
}
