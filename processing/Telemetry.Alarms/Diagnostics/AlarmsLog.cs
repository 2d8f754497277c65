using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Alarms.Diagnostics;

internal static partial class AlarmsLog
{
    [LoggerMessage(3500, LogLevel.Information, "Alarms ({Name}): {Partition} is restored from {Entries} entries and goes on at offset {Committed}.")]
    public static partial void FoldRestored(ILogger logger, string name, TopicPartition partition, long entries, long committed);

    [LoggerMessage(3501, LogLevel.Warning, "Alarms ({Name}) failed; they start again from the last commit in {Pause}.")]
    public static partial void FoldFailed(ILogger logger, string name, TimeSpan pause, Exception error);

    [LoggerMessage(3502, LogLevel.Information, "Alarm rules version {Version} are in force: {Rules} rules over readings, {Incidents} over incidents.")]
    public static partial void RulesInForce(ILogger logger, ulong version, int rules, int incidents);

    [LoggerMessage(3503, LogLevel.Error, "Alarm rules version {Version} cannot be used and those before it stay in force: {Problem}")]
    public static partial void RulesUnusable(ILogger logger, ulong version, string problem);

    [LoggerMessage(3504, LogLevel.Warning, "Alarm rules cannot be read from the log; tried again in {Pause}.")]
    public static partial void RulesFailed(ILogger logger, TimeSpan pause, Exception error);

    [LoggerMessage(3506, LogLevel.Warning, "The outlet {Outlet} failed; it starts again in {Pause}.")]
    public static partial void OutletFailed(ILogger logger, string outlet, TimeSpan pause, Exception error);

    [LoggerMessage(3507, LogLevel.Warning, "The webhook did not take change {Change}: {Problem} Tried again in {Pause}, and then with growing pauses.")]
    public static partial void WebhookFailed(ILogger logger, string change, string problem, TimeSpan pause);

    [LoggerMessage(3508, LogLevel.Error, "The webhook did not take change {Change} in {Attempts} attempts; it is a dead letter now. {Problem}")]
    public static partial void WebhookGivenUp(ILogger logger, string change, int attempts, string problem);

    [LoggerMessage(3509, LogLevel.Warning, "No Alertmanager takes alerts ({Firing} fire); tried again in {Pause}.")]
    public static partial void AlertmanagerFailed(ILogger logger, int firing, TimeSpan pause);

    [LoggerMessage(3510, LogLevel.Warning, "Alertmanager {Url} answered {Status}: {Answer}")]
    public static partial void AlertmanagerRefused(ILogger logger, Uri url, int status, string answer);

    [LoggerMessage(3505, LogLevel.Warning, "{Count} conditions were dropped: the partition has {Max} alarms already (Alarms:AlarmsMax), and all of them are standing.")]
    public static partial void Overflowed(ILogger logger, long count, int max);
}
