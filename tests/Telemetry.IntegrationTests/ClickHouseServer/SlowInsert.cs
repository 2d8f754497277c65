using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.ClickHouseServer;

/// <summary>An INSERT with data that takes two minutes unless it is killed, and no processor time.</summary>
internal static class SlowInsert
{
    public const string Structure = "a UInt64";

    /// <summary>Blocks of ten rows, 50 ms each.</summary>
    public static ReadOnlyMemory<byte> Rows { get; } = new byte[2400 * sizeof(ulong)];

    public static ClickHouseQuery Into(string table, string? id = null, string comment = "") => new(
        $"INSERT INTO {table} (a) SETTINGS async_insert = 0, max_block_size = 10, max_threads = 1, log_comment = '{comment}' FORMAT RowBinary",
        QueryId: id,
        Guard: "sleepEachRow(0.05) = 0");
}
