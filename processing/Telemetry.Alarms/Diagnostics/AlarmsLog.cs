using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Alarms.Diagnostics;

internal static partial class AlarmsLog
{
    [LoggerMessage(3500, LogLevel.Information, "Alarms ({Name}): {Partition} is restored from {Entries} entries and goes on at offset {Committed}.")]
    public static partial void FoldRestored(ILogger logger, string name, TopicPartition partition, long entries, long committed);

    [LoggerMessage(3501, LogLevel.Warning, "Alarms ({Name}) failed; begun again from what is committed in {Pause}.")]
    public static partial void FoldFailed(ILogger logger, string name, TimeSpan pause, Exception error);

    [LoggerMessage(3502, LogLevel.Information, "Alarm rules version {Version} are in force: {Rules} rules over readings, {Incidents} over incidents.")]
    public static partial void RulesInForce(ILogger logger, ulong version, int rules, int incidents);

    [LoggerMessage(3503, LogLevel.Error, "Alarm rules version {Version} cannot be used and those before it stay in force: {Problem}")]
    public static partial void RulesUnusable(ILogger logger, ulong version, string problem);

    [LoggerMessage(3504, LogLevel.Warning, "Alarm rules cannot be read from the log; tried again in {Pause}.")]
    public static partial void RulesFailed(ILogger logger, TimeSpan pause, Exception error);

    [LoggerMessage(3505, LogLevel.Warning, "{Count} conditions were not followed: the partition has {Max} alarms, as many as it may (Alarms:AlarmsMax), and all of them stand.")]
    public static partial void Overflowed(ILogger logger, long count, int max);
}
