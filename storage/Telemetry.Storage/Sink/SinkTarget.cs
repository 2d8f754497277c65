namespace Telemetry.Storage.Sink;

/// <summary>A table that holds each reading once, and says by its own markers which log offsets it holds.</summary>
/// <param name="Index">Bit in a set of targets.</param>
/// <param name="Table">Table.</param>
/// <param name="FixTable">Null-engine table that feeds this table alone; the table itself for raw readings.</param>
internal sealed record SinkTarget(int Index, string Table, string FixTable)
{
    public static readonly SinkTarget Raw = new(0, "readings", "readings");

    public static readonly IReadOnlyList<SinkTarget> Rollups =
    [
        new(1, "readings_1m", "fix_1m"),
        new(2, "readings_1h", "fix_1h"),
        new(3, "readings_1d", "fix_1d"),
        new(4, "readings_last", "fix_last"),
    ];

    public static readonly IReadOnlyList<SinkTarget> All = [Raw, .. Rollups];

    public bool IsRaw => Index == 0;
}
