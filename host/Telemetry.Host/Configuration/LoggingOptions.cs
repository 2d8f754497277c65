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
    /// File for the audit log of the MQTT broker as JSON lines, whatever <see cref="Level"/> is: refused connects, denied publishes and subscriptions, users added
    /// and removed, files read again. Rolled daily and at 64 MiB, thirty kept; empty: only among the other logs.
    /// </summary>
    public string AuditFile { get; init; } = "";
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
