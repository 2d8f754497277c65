using Microsoft.Extensions.Logging;

namespace Telemetry.Observability;

/// <summary>Messages of observability, ids 8500 to 8599.</summary>
internal static partial class Log
{
    [LoggerMessage(8500, LogLevel.Warning, "Lag of the consumer groups cannot be measured; trying again every {Seconds} s; this is not logged again until it works")]
    public static partial void LagFailed(ILogger logger, double seconds, Exception exception);
}
