using System.ComponentModel.DataAnnotations;

namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>A ClickHouse server over its HTTP interface.</summary>
public sealed record ClickHouseHttpOptions
{
    /// <summary>For example http://clickhouse:8123.</summary>
    [Required]
    public required Uri Endpoint { get; init; }

    /// <summary>Database. Default default.</summary>
    [Required]
    public string Database { get; init; } = "default";

    /// <summary>User; sent as header, never in the URL. Default default.</summary>
    [Required]
    public string User { get; init; } = "default";

    /// <summary>Password. Default empty.</summary>
    public string Password { get; init; } = "";

    /// <summary>Asks for gzip on results. Default false: on one machine it costs more than it saves.</summary>
    public bool Compression { get; init; }

    /// <summary>Longest time to connect. Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest run of one statement; afterwards it is killed. Default 5 min.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);
}
