namespace Telemetry.Host;

/// <summary>Messages of the host, ids 8000 to 8999.</summary>
internal static partial class HostLog
{
    [LoggerMessage(8000, LogLevel.Information, "Started {Roles}; HTTP on {Http}, MQTT on {Mqtt}")]
    public static partial void Started(ILogger logger, string roles, string http, string mqtt);

    [LoggerMessage(8001, LogLevel.Warning, "Draining took longer than {Seconds} s; what is left stays on the log and is taken at the next start")]
    public static partial void DrainTimedOut(ILogger logger, double seconds);

    [LoggerMessage(8002, LogLevel.Information, "Stopping: intake first, then draining")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(8003, LogLevel.Critical, "The log or processing has failed for good. The process ends; start it again: recovery goes on from what is durable")]
    public static partial void LogFailed(ILogger logger, Exception exception);

    [LoggerMessage(8004, LogLevel.Warning, "Sampling the pipeline's figures failed; trying again in a second")]
    public static partial void SamplingFailed(ILogger logger, Exception exception);

    [LoggerMessage(8005, LogLevel.Warning, "The simulator ended with code {Code}: {Errors}")]
    public static partial void SimulatorEnded(ILogger logger, int code, string errors);

    [LoggerMessage(8040, LogLevel.Warning, "Lag of the consumer groups cannot be measured; trying again every {Seconds} s, and not telling again until it works")]
    public static partial void LagFailed(ILogger logger, double seconds, Exception exception);
}
