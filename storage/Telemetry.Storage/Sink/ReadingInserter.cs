using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Sink;

/// <summary>One INSERT of readings with their markers: one block, one part a month, whole or not at all.</summary>
internal sealed class ReadingInserter(IClickHouse clickHouse) : IDisposable
{
    /// <summary>
    /// Keeps one INSERT one block and synchronous; async_insert is on by default. Stay below 1,000,000 rows.
    /// </summary>
    public const string Settings =
        "async_insert = 0, max_insert_threads = 1, max_threads = 1, max_block_size = 1000000, max_insert_block_size = 1000000, "
        + "min_insert_block_size_rows = 1000000, min_insert_block_size_bytes = 0, max_partitions_per_insert_block = 0, "
        + "max_memory_usage = 0, max_execution_time = 0";

    private readonly NativeWriter _writer = new();

    /// <summary>Inserts into <c>readings</c>, <c>rollup_in</c> or one of its twins.</summary>
    public async Task InsertAsync(
        string table, IReadOnlyList<RowBlock> blocks, IReadOnlyList<Marker> markers, CancellationToken cancellationToken)
    {
        var raw = table == SinkTarget.Raw.Table;
        ReadingEncoder.Encode(_writer, blocks, markers, raw);
        var columns = raw ? ReadingEncoder.RawColumns : ReadingEncoder.RollupColumns;
        await clickHouse.InsertAsync(
            new ClickHouseQuery($"INSERT INTO {table} ({columns}) SETTINGS {Settings} FORMAT Native"),
            raw ? ReadingEncoder.RawStructure : ReadingEncoder.RollupStructure,
            _writer.Written,
            cancellationToken);
    }

    public void Dispose() => _writer.Dispose();
}
