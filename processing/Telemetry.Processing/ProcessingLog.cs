using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Processing;

internal static partial class ProcessingLog
{
    [LoggerMessage(3001, LogLevel.Information,
        "{Partition} is restored: continues at offset {Committed} with {Devices} devices, after a replay of {Replayed} records ({Milliseconds:0} ms).")]
    public static partial void PartitionRestored(
        ILogger logger, TopicPartition partition, long committed, int devices, long replayed, double milliseconds);

    [LoggerMessage(3002, LogLevel.Error,
        "{Partition}: {Missing} offsets that the state needs are no longer in the log. Detectors and duplicate removal of some devices have a gap there. Keep readings longer than the snapshot cycle.")]
    public static partial void ReplayIncomplete(ILogger logger, TopicPartition partition, long missing);

    [LoggerMessage(3003, LogLevel.Error, "{Partition} failed; it starts again from its committed offset.")]
    public static partial void PartitionFailed(ILogger logger, Exception fault, TopicPartition partition);

    [LoggerMessage(3004, LogLevel.Warning, "A commit of {Partitions} partitions failed ({Error}); tried again in {Milliseconds:0} ms.")]
    public static partial void CommitFailed(ILogger logger, Exception fault, int partitions, RecordLogError error, double milliseconds);

    [LoggerMessage(3005, LogLevel.Information, "Commits succeed again after {Failures} failures.")]
    public static partial void CommitRecovered(ILogger logger, int failures);

    [LoggerMessage(3006, LogLevel.Information, "A commit whose outcome was unknown had succeeded.")]
    public static partial void CommitHadSucceeded(ILogger logger);

    [LoggerMessage(3007, LogLevel.Critical, "Processing stops: {Message}")]
    public static partial void Stopped(ILogger logger, Exception fault, string message);

    [LoggerMessage(3008, LogLevel.Warning, "The partitions given up could not be committed; their next owner processes the last records again.")]
    public static partial void RevokeUncommitted(ILogger logger, Exception fault);

    [LoggerMessage(3012, LogLevel.Warning,
        "{Partitions} partitions cannot be started again yet ({Error}); they are tried again after a pause")]
    public static partial void RestartFailed(ILogger logger, Exception fault, int partitions, RecordLogError error);

    [LoggerMessage(3009, LogLevel.Warning, "Reading from the log failed ({Error}); tried again in {Milliseconds:0} ms.")]
    public static partial void PollFailed(ILogger logger, Exception fault, RecordLogError error, double milliseconds);

    [LoggerMessage(3010, LogLevel.Debug, "A transaction could not be aborted; the next one ends it.")]
    public static partial void AbortFailed(ILogger logger, Exception fault);

    [LoggerMessage(3011, LogLevel.Information, "Partitions assigned: {Assigned}; revoked: {Revoked}; lost: {Lost}.")]
    public static partial void AssignmentChanged(ILogger logger, int assigned, int revoked, int lost);

    [LoggerMessage(3015, LogLevel.Warning, "The settings topic {Topic} cannot be read; tried again in {Seconds:0.#} s. Settings stay as they are.")]
    public static partial void SettingsFailed(ILogger logger, Exception fault, string topic, double seconds);

    [LoggerMessage(3013, LogLevel.Information, "{Partition}: detector settings version {Version} is in force from offset {Offset} on.")]
    public static partial void SettingsInForce(ILogger logger, TopicPartition partition, int version, long offset);

    [LoggerMessage(3014, LogLevel.Warning, "The record that marks the time could not be appended to {Partition} ({Error}); devices that fell silent are reported later.")]
    public static partial void TickFailed(ILogger logger, Exception fault, TopicPartition partition, RecordLogError error);

    [LoggerMessage(3017, LogLevel.Warning, "Limits of the catalogue could not be appended to {Partition} ({Error}); the limits in force stay until they can.")]
    public static partial void ProfilesFailed(ILogger logger, Exception fault, TopicPartition partition, RecordLogError error);

    [LoggerMessage(3016, LogLevel.Warning, "The catalogue topic {Topic} cannot be read; tried again in {Seconds:0.#} s. Texts of incidents name no units meanwhile.")]
    public static partial void UnitsFailed(ILogger logger, Exception fault, string topic, double seconds);
}
