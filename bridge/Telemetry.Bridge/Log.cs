using Microsoft.Extensions.Logging;

namespace Telemetry.Bridge;

internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Error,
        "The log refuses records ({Error}): publishes are not acknowledged and devices will send them again. {Message}")]
    public static partial void LogFailing(ILogger logger, Streams.RecordLogError error, string message);

    [LoggerMessage(2002, LogLevel.Information, "The log takes records again.")]
    public static partial void LogRecovered(ILogger logger);

    [LoggerMessage(2003, LogLevel.Warning, "Stopped with {Publishes} cut publishes not wholly appended; their senders are told to send again.")]
    public static partial void ParkedAtStop(ILogger logger, int publishes);
}
