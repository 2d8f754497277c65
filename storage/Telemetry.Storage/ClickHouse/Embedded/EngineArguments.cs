using System.Globalization;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>Options as the engine takes them.</summary>
internal static class EngineArguments
{
    /// <summary>Arguments of every connection; they must be the same for all connections of a process.</summary>
    public static IReadOnlyList<string> Connect(EmbeddedClickHouseOptions options) =>
    [
        "clickhouse",
        $"--path={Path.GetFullPath(options.DataDirectory)}",
        $"--max_server_memory_usage={Text(options.MemoryBytesMax)}",
        $"--mark_cache_size={Text(options.CacheBytesMax)}",
        $"--primary_index_cache_size={Text(options.CacheBytesMax)}",
        $"--index_mark_cache_size={Text(Math.Max(1 << 20, options.CacheBytesMax / 8))}",
        $"--query_condition_cache_size={Text(Math.Max(1 << 20, options.CacheBytesMax / 8))}",
        .. options.ConfigFile is { Length: > 0 } file ? [$"--config-file={Path.GetFullPath(file)}"] : Array.Empty<string>(),
    ];

    /// <summary>Session settings of a query lane. Only readers have a deadline and a bound on the rows of a result.</summary>
    public static IReadOnlyList<string> QuerySettings(EmbeddedClickHouseOptions options, QueryKind kind) =>
    [
        $"SET max_memory_usage = {Text(options.QueryMemoryBytesMax)}",
        $"SET max_bytes_before_external_group_by = {Text(options.QueryMemoryBytesMax / 2)}",
        $"SET max_bytes_before_external_sort = {Text(options.QueryMemoryBytesMax / 2)}",
        $"SET max_execution_time = {(kind == QueryKind.Reader ? options.QueryTimeMax.TotalSeconds : 0).ToString(CultureInfo.InvariantCulture)}",
        $"SET max_threads = {Text(options.QueryThreads)}",
        $"SET max_result_rows = {Text(kind == QueryKind.Reader ? options.QueryResultRowsMax : 0)}",
    ];

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
