namespace Telemetry.Benchmarks.Storage;

/// <summary>Another way to keep a column: the same rows in the same order, in a table of that column alone.</summary>
/// <param name="Column">Column of <c>readings</c> that it is beside.</param>
/// <param name="Codec">Codec.</param>
/// <param name="Expression">What is kept; null: the column as it is.</param>
/// <param name="Type">Its type; null: the column's own.</param>
/// <param name="Settings">Further settings of the table.</param>
internal sealed record CodecTrial(string Column, string Codec, string? Expression = null, string? Type = null, string Settings = "")
{
    private const string LargeBlocks = "max_compress_block_size = 4194304, min_compress_block_size = 1048576";

    /// <summary>The fewest decimals (0 to 4) that give the value back bit for bit, times ten to that; for what has none, 0.</summary>
    private const string Scaled =
        "multiIf(" + Fits0 + ", toInt64(value), " + Fits1 + ", toInt64(round(value * 10)), " + Fits2 + ", toInt64(round(value * 100)), " + Fits3 + ", toInt64(round(value * 1000)), 0)";

    /// <summary>At most two decimals, so that one series has one scale.</summary>
    private const string Hundredths = "if(" + Fits2 + ", toInt64(round(value * 100)), 0)";

    private const string Rest = "if(" + Fits2 + ", 0., value)";
    private const string Fits0 = "round(value) = value AND abs(value) < 1e15";
    private const string Fits1 = "round(value * 10) / 10 = value AND abs(value) < 1e14";
    private const string Fits2 = "round(value * 100) / 100 = value AND abs(value) < 1e13";
    private const string Fits3 = "round(value * 1000) / 1000 = value AND abs(value) < 1e12";

    public static readonly IReadOnlyList<CodecTrial> All =
    [
        new("event_time", "GCD, Delta, ZSTD(3)"),
        new("event_time", "GCD, Delta, ZSTD(9)"),
        new("event_time", "GCD, DoubleDelta, ZSTD(1)"),
        new("event_time", "GCD, Delta, T64, ZSTD(1)"),
        new("event_time", "GCD, Delta, T64('bit'), ZSTD(1)"),
        new("event_time", "GCD, Delta, ZSTD(3)", Settings: LargeBlocks),
        new("event_time", "Delta, ZSTD(1)", "toInt32(intDiv(toInt64(toUnixTimestamp64Micro(event_time)) - 1777593600000000, 1000))", "Int32"),
        new("event_time", "Delta, T64('bit'), ZSTD(1)", "toInt32(intDiv(toInt64(toUnixTimestamp64Micro(event_time)) - 1777593600000000, 1000))", "Int32"),
        new("event_time", "Delta, Delta, ZSTD(1)"),
        new("value", "ZSTD(1)"),
        new("value", "ZSTD(3)"),
        new("value", "ZSTD(9)"),
        new("value", "Delta, ZSTD(3)"),
        new("value", "Delta, ZSTD(9)"),
        new("value", "Delta, ZSTD(3)", Settings: LargeBlocks),
        new("value", "ZSTD(3)", Settings: LargeBlocks),
        new("value", "Gorilla, ZSTD(1)"),
        new("value", "FPC, ZSTD(1)"),
        new("value", "ALP, ZSTD(1)"),
        new("value", "ALP"),
        new("value", "ALP, ZSTD(3)"),
        new("value", "ALP, ZSTD(9)"),
        new("value", "ALP", Rest, "Float64"),
        new("value", "ALP, ZSTD(1)", Rest, "Float64"),
        new("event_time", "GCD, DoubleDelta, ZSTD(3)"),
        new("event_time", "GCD, DoubleDelta, T64('bit'), ZSTD(1)"),
        new("event_time", "GCD, Delta, T64, ZSTD(3)"),
        new("event_time", "GCD, Delta, T64('bit'), ZSTD(3)"),
        new("value", "Delta, ZSTD(1)", Scaled, "Int64"),
        new("value", "Delta, ZSTD(1)", Hundredths, "Int64"),
        new("value", "Delta, ZSTD(3)", Hundredths, "Int64"),
        new("value", "Delta, T64, ZSTD(1)", Hundredths, "Int64"),
        new("value", "Delta, T64('bit'), ZSTD(1)", Hundredths, "Int64"),
        new("value", "GCD, Delta, ZSTD(1)", Hundredths, "Int64"),
        new("value", "GCD, Delta, T64('bit'), ZSTD(1)", Hundredths, "Int64"),
        new("value", "ZSTD(3)", Hundredths, "Int64"),
        new("value", "ZSTD(1)", Rest, "Float64"),
        new("value", "Delta, ZSTD(1)", Rest, "Float64"),
        new("sequence", "Delta, ZSTD(1)"),
        new("sequence", "DoubleDelta, ZSTD(3)"),
        new("sequence", "Delta, Delta, ZSTD(1)"),
        new("boot", "Delta, ZSTD(1)"),
        new("boot", "ZSTD(3)"),
        new("boot", "ZSTD(3)", Settings: LargeBlocks),
    ];

    /// <summary>For the table: what is kept, if not the column.</summary>
    public string Label => Expression switch
    {
        null => Column,
        Scaled => "value x 10^fewest",
        Hundredths => "value x 100",
        Rest => "value not in hundredths",
        _ => $"{Column} as {Type}",
    } + (Settings.Length == 0 ? "" : ", large blocks");
}
