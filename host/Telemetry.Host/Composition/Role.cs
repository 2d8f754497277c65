namespace Telemetry.Host.Composition;

/// <summary>What a process does; <c>up</c> does all of it.</summary>
[Flags]
internal enum Roles
{
    None = 0,

    /// <summary>MQTT broker and bridge.</summary>
    Edge = 1,

    /// <summary>Duplicates, watermarks, detectors.</summary>
    Process = 2,

    /// <summary>Log to ClickHouse.</summary>
    Store = 4,

    /// <summary>HTTP API and console.</summary>
    Query = 8,

    All = Edge | Process | Store | Query,
}
