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

    [LoggerMessage(2004, LogLevel.Error, "A publish could not be judged and is a dead letter; {Faults} such since the start. This is a fault of ours: please report it with the dead letter")]
    public static partial void JudgeFailed(ILogger logger, long faults, Exception error);

    [LoggerMessage(2005, LogLevel.Warning, "{Count} publishes went to topics that look like those of readings and are not, the last to {Topic}. {Hint}")]
    public static partial void LookAlike(ILogger logger, long count, string topic, string hint);

    [LoggerMessage(2010, LogLevel.Information, "Commands are followed; {Pending} wait for their devices")]
    public static partial void CommandsFollowed(ILogger logger, int pending);

    [LoggerMessage(2011, LogLevel.Warning, "Commands cannot be read from the log; tried again in {Delay}")]
    public static partial void CommandsFailed(ILogger logger, TimeSpan delay, Exception error);

    [LoggerMessage(2012, LogLevel.Warning, "Record {Offset} of {Topic}/{Partition} is skipped: {Detail}")]
    public static partial void CommandUnreadable(ILogger logger, string topic, int partition, long offset, string detail);

    [LoggerMessage(2013, LogLevel.Warning, "{Most} commands wait already; {Refused} were not taken since the start")]
    public static partial void CommandsRefused(ILogger logger, int most, long refused);

    [LoggerMessage(2014, LogLevel.Warning, "Command {Id} for {Device} cannot be delivered and is dropped")]
    public static partial void CommandUndeliverable(ILogger logger, string id, string device, Exception error);

    [LoggerMessage(2020, LogLevel.Warning, "Dead letters cannot be followed, their depth is unknown; tried again in {Delay}")]
    public static partial void DeadLettersNotFollowed(ILogger logger, TimeSpan delay, Exception error);
}
