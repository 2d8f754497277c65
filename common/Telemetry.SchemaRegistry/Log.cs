using Microsoft.Extensions.Logging;

namespace Telemetry.SchemaRegistry;

/// <summary>Messages about the schema registry, ids 9000 to 9099.</summary>
internal static partial class Log
{
    [LoggerMessage(9000, LogLevel.Warning, "The schema cache {Path} cannot be used: {Problem}; going on without it")]
    public static partial void CacheUnreadable(ILogger logger, string path, string problem);

    [LoggerMessage(9001, LogLevel.Warning, "The schema cache {Path} cannot be written: {Problem} A start without the registry will not know the ids learned now")]
    public static partial void CacheUnwritable(ILogger logger, string path, string problem);

    [LoggerMessage(9002, LogLevel.Information, "Schema {Subject} has id {Id} ({Source})")]
    public static partial void Resolved(ILogger logger, string subject, int id, string source);

    [LoggerMessage(9003, LogLevel.Warning, "{Problem} Schema {Subject} is written with the provisional id {Id} until the registry gives one; asking again in {Seconds} s")]
    public static partial void Provisional(ILogger logger, string subject, int id, string problem, double seconds);

    [LoggerMessage(9004, LogLevel.Warning, "Schema id {Id} cannot be looked up now: {Problem} Until then its readings are decoded by what their bytes show; asking again in {Seconds} s")]
    public static partial void Undecided(ILogger logger, int id, string problem, double seconds);

    [LoggerMessage(9005, LogLevel.Information, "Schema id {Id} is {Message}, read as {Version}")]
    public static partial void Learned(ILogger logger, int id, string message, string version);

    [LoggerMessage(9006, LogLevel.Warning, "Schema id {Id} is not a version of ReadingBatch that this program knows ({Found}); readings with it become dead letters with the cause schema-unknown")]
    public static partial void Foreign(ILogger logger, int id, string found);

    [LoggerMessage(9007, LogLevel.Warning, "More than {Max} schema ids were met; further ones become dead letters with the cause schema-unknown (SchemaRegistry:SchemasMax)")]
    public static partial void TooMany(ILogger logger, int max);
}
