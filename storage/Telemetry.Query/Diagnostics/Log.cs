using Microsoft.Extensions.Logging;

namespace Telemetry.Query.Diagnostics;

/// <summary>All messages of the query role: event ids 5000 to 5999.</summary>
internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(this ILogger logger, string method, string path, Exception error);

    [LoggerMessage(5002, LogLevel.Warning, "The store refused a query of {Path} with code {Code}")]
    public static partial void StoreRefused(this ILogger logger, string path, int code, Exception error);

    [LoggerMessage(5003, LogLevel.Warning, "{Path} failed after its answer had begun; the connection is closed so that the client notices")]
    public static partial void BrokenOff(this ILogger logger, string path, Exception error);

    [LoggerMessage(5004, LogLevel.Warning, "The log does not say how far it is; answers carry no completeness until it does")]
    public static partial void CompletenessUnknown(this ILogger logger, Exception error);

    [LoggerMessage(5005, LogLevel.Warning, "The live tail of the log stopped; it starts again in {Delay}")]
    public static partial void TailFailed(this ILogger logger, TimeSpan delay, Exception error);

    [LoggerMessage(5006, LogLevel.Information, "The live tail follows {Partitions} partitions from their ends")]
    public static partial void TailStarted(this ILogger logger, int partitions);

    [LoggerMessage(5007, LogLevel.Warning, "The console is not built: {Folder} has no index.html")]
    public static partial void ConsoleMissing(this ILogger logger, string folder);

    [LoggerMessage(5008, LogLevel.Warning, "Commands and their results cannot be followed; tried again in {Delay}")]
    public static partial void CommandTailFailed(this ILogger logger, TimeSpan delay, Exception error);

    [LoggerMessage(5009, LogLevel.Warning, "Alarms cannot be followed; tried again in {Delay}")]
    public static partial void AlarmTailFailed(this ILogger logger, TimeSpan delay, Exception error);

    [LoggerMessage(5010, LogLevel.Warning, "The catalogue cannot be followed; tried again in {Delay}")]
    public static partial void CatalogueTailFailed(this ILogger logger, TimeSpan delay, Exception error);
}
