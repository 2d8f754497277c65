using Microsoft.Extensions.Logging;

namespace Telemetry.Storage;

/// <summary>All messages of this project; event ids 4000 to 4999.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Information, "ClickHouse engine open at {Directory}: {WriteLanes} write lanes, {QueryLanes} query lanes")]
    public static partial void EngineOpened(ILogger logger, string directory, int writeLanes, int queryLanes);

    [LoggerMessage(4001, LogLevel.Information, "ClickHouse engine closed")]
    public static partial void EngineClosed(ILogger logger);

    [LoggerMessage(4010, LogLevel.Information, "Schema migration {Name} applied")]
    public static partial void MigrationApplied(ILogger logger, string name);

    [LoggerMessage(4011, LogLevel.Information, "Schema setting {Name} is now {Value}")]
    public static partial void SchemaSettingApplied(ILogger logger, string name, string value);
}
