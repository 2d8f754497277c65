using System.ComponentModel.DataAnnotations;

namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>A ClickHouse server, or the replicas of one shard, over the HTTP interface.</summary>
public sealed record ClickHouseHttpOptions
{
    /// <summary>For example http://clickhouse:8123.</summary>
    [Required]
    public required Uri Endpoint { get; init; }

    /// <summary>Further replicas of the same data. One is used until it cannot be reached, then the next. Default none.</summary>
    public IReadOnlyList<Uri> OtherEndpoints { get; init; } = [];

    /// <summary>Database. Default default.</summary>
    [Required]
    public string Database { get; init; } = "default";

    /// <summary>User; sent as header, never in the URL. Default default.</summary>
    [Required]
    public string User { get; init; } = "default";

    /// <summary>Password. Default empty.</summary>
    public string Password { get; init; } = "";

    /// <summary>PEM file with the authorities that sign the server's certificate. Default empty: those of the system.</summary>
    public string CaFile { get; init; } = "";

    /// <summary>Asks for gzip on results. Default false: on one machine it costs more than it saves.</summary>
    public bool Compression { get; init; }

    /// <summary>Sends the data of INSERTs with gzip. Default false, as above.</summary>
    public bool CompressInserts { get; init; }

    /// <summary>Longest time to connect. Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest pause within a result that has begun; afterwards its statement is killed. Default 1 min.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Longest run of a reader's query, of one INSERT and of one change of the schema; afterwards it is killed. Default 5 min. What is meant to
    /// run long has <see cref="LongTimeout"/>.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Longest run of work that is meant to run long (audit, replay, backtest, export, check of parts) and of the sink's questions, which in
    /// recovery may read much. Default 24 h. A server that is gone is noticed within a minute all the same, by keep-alive probes.
    /// </summary>
    public TimeSpan LongTimeout { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How often a statement is tried that has surely not begun (no connection, or too many at the same time), or that only reads and has
    /// handed nothing over yet. At least each endpoint once. Default 3.
    /// </summary>
    [Range(1, 100)]
    public int Attempts { get; init; } = 3;

    /// <summary>First pause between attempts; doubles. None before another endpoint. Default 100 ms.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(100);
}
