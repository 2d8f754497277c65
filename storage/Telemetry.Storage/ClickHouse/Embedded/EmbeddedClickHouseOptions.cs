using System.ComponentModel.DataAnnotations;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>How the engine in this process runs.</summary>
public record EmbeddedClickHouseOptions
{
    /// <summary>Folder of the data; created when missing. One process at a time may have it open.</summary>
    [Required]
    public required string DataDirectory { get; init; }

    /// <summary>
    /// The libchdb library. Null (default): environment variable TELEMETRY_LIBCHDB, else what <c>./telemetry setup</c>
    /// installed under storage/engine.
    /// </summary>
    public string? LibraryPath { get; init; }

    /// <summary>
    /// The engine's own configuration (XML or YAML, as a server's), for disks and storage policies: see docs/storage.md. Null (default): none.
    /// </summary>
    public string? ConfigFile { get; init; }

    /// <summary>Memory of the whole engine, in bytes; statements beyond it fail with MEMORY_LIMIT_EXCEEDED. Default 2 GiB.</summary>
    [Range(256L << 20, long.MaxValue)]
    public long MemoryBytesMax { get; init; } = 2L << 30;

    /// <summary>Mark and primary index caches together stay below about twice this. Default 64 MiB.</summary>
    [Range(1L << 20, long.MaxValue)]
    public long CacheBytesMax { get; init; } = 64L << 20;

    /// <summary>Statements that insert or change the schema at the same time. Default 4.</summary>
    [Range(1, 64)]
    public int WriteLanes { get; init; } = 4;

    /// <summary>
    /// Readers' queries at the same time; further ones wait. Default 4. The sink's questions, the check of parts and long-running work
    /// (audit, replay, backtest) have lanes of their own beside these.
    /// </summary>
    [Range(1, 64)]
    public int QueryLanes { get; init; } = 4;

    /// <summary>Memory of one query, in bytes. Default 512 MiB. A query may set its own.</summary>
    [Range(16L << 20, long.MaxValue)]
    public long QueryMemoryBytesMax { get; init; } = 512L << 20;

    /// <summary>
    /// Longest run of one reader's query; then it fails with TIMEOUT_EXCEEDED. Default 60 s. A query may set its own. Work that is meant to
    /// run long (audit, replay, backtest) has no such limit.
    /// </summary>
    public TimeSpan QueryTimeMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Threads of one query. Default 2. A query may set its own.</summary>
    [Range(1, 256)]
    public int QueryThreads { get; init; } = 2;

    /// <summary>Rows in the result of one query; 0 (default) is no limit here. A query may set its own.</summary>
    [Range(0, long.MaxValue)]
    public long QueryResultRowsMax { get; init; }
}
