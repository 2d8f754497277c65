using System.ComponentModel.DataAnnotations;

namespace Telemetry.Host.Configuration;

/// <summary>How much is logged and in which form.</summary>
public sealed record LoggingOptions
{
    /// <summary>Lowest level written. Default Information.</summary>
    public LogVerbosity Level { get; init; } = LogVerbosity.Information;

    /// <summary>Console lines for people (Text, default) or one JSON object a line (Json).</summary>
    public LogFormat Format { get; init; } = LogFormat.Text;

    /// <summary>File for JSON lines, rolled daily and at 64 MiB, seven kept; empty: none.</summary>
    public string File { get; init; } = "";

    /// <summary>
    /// File for the audit log of HTTP and MQTT as JSON lines, whatever <see cref="Level"/> is: who signed in, did what and was refused what, users and tokens that
    /// were added and removed, files read again. Rolled daily; <c>/api/v1/audit</c> reads it. Default under <c>Data</c>; empty: only among the other logs.
    /// </summary>
    public string AuditFile { get; init; } = "";

    /// <summary>Bytes that the audit log may take on disk, in 32 files; the oldest goes. Default 2 GiB.</summary>
    [Range(1L << 20, 1L << 40)]
    public long AuditBytesMax { get; init; } = 2L << 30;
}

/// <summary>Levels of Serilog.</summary>
public enum LogVerbosity
{
    Verbose,
    Debug,
    Information,
    Warning,
    Error,
    Fatal,
}

/// <summary>Form of console lines.</summary>
public enum LogFormat
{
    Text,
    Json,
}
