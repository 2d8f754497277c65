namespace Telemetry.Storage.Writing;

/// <summary>A table that holds each row once, and says by its own marker rows which log offsets it holds.</summary>
/// <param name="Index">Place among the targets of a stream; 0 is the table that takes the rows as they come.</param>
/// <param name="Table">Table.</param>
/// <param name="MarkerCount">
/// How a marker row says the number of offsets it covers, in a table where it is a row like others. Null: a rollup, which has columns for it.
/// </param>
internal sealed record SinkTarget(int Index, string Table, string? MarkerCount = null)
{
    /// <summary>Raw readings.</summary>
    public static readonly SinkTarget Raw = new(0, "readings", "toUInt64(value)");

    /// <summary>Rollups of readings, and the latest values.</summary>
    public static readonly IReadOnlyList<SinkTarget> Rollups =
    [
        new(1, "readings_1m"),
        new(2, "readings_1h"),
        new(3, "readings_1d"),
        new(4, "readings_last"),
    ];

    /// <summary>All tables of readings.</summary>
    public static readonly IReadOnlyList<SinkTarget> All = [Raw, .. Rollups];

    /// <summary>True: the table that takes the rows as they come.</summary>
    public bool IsMain => Index == 0;

    /// <summary>A marker row in SQL: its name, the first and last offset covered, and how many are.</summary>
    public string MarkerColumns => MarkerCount is null
        ? "sensor, mark_lo, mark_hi, n"
        : $"sensor, sequence - {MarkerCount} + 1, sequence AS mark_hi, {MarkerCount}";
}
