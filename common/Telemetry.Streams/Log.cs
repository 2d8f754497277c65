using System.Globalization;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Telemetry.Streams;

/// <summary>Every message of this project; event ids from 7000.</summary>
internal static partial class Log
{
    [LoggerMessage(7000, LogLevel.Information, "Log in {Directory} opened: {Topics} topics, {Bytes} bytes")]
    public static partial void JournalOpened(this ILogger logger, string directory, int topics, long bytes);

    [LoggerMessage(7001, LogLevel.Warning,
        "File {Path} ended in a write that was never acknowledged: cut at {Position}, {Bytes} bytes removed")]
    public static partial void TailCut(this ILogger logger, string path, long position, long bytes);

    [LoggerMessage(7002, LogLevel.Critical, "The log has failed and takes nothing more; restart the process")]
    public static partial void JournalFailed(this ILogger logger, Exception error);

    [LoggerMessage(7003, LogLevel.Warning, "No space left; appends fail until there is some")]
    public static partial void DiskIsFull(this ILogger logger, Exception error);

    [LoggerMessage(7004, LogLevel.Information, "Space again; appends are taken")]
    public static partial void DiskHasSpace(this ILogger logger);

    [LoggerMessage(7005, LogLevel.Error, "A completion callback threw; the record is appended all the same")]
    public static partial void CompletionThrew(this ILogger logger, Exception error);

    [LoggerMessage(7006, LogLevel.Warning,
        "Offset {Offset} of {Partition} is not there any more for group {Group}; reading on at {NewOffset}")]
    public static partial void OffsetReset(
        this ILogger logger, long offset, TopicPartition partition, string? group, long newOffset);

    [LoggerMessage(7007, LogLevel.Warning, "A member of group {Group} did not poll for {Silence}; its partitions go to others")]
    public static partial void MemberEvicted(this ILogger logger, string group, TimeSpan silence);

    [LoggerMessage(7008, LogLevel.Information, "Retention removed {Segments} segments ({Bytes} bytes) of topic {Topic}")]
    public static partial void SegmentsRemoved(this ILogger logger, int segments, long bytes, string topic);

    [LoggerMessage(7009, LogLevel.Information, "Compaction of topic {Topic}: {Before} bytes became {After}")]
    public static partial void Compacted(this ILogger logger, string topic, long before, long after);

    [LoggerMessage(7010, LogLevel.Error, "Maintenance of the log failed; it is tried again later")]
    public static partial void MaintenanceFailed(this ILogger logger, Exception error);

    [LoggerMessage(7011, LogLevel.Warning, "Transaction of {TransactionalId} was open too long and is aborted")]
    public static partial void TransactionTimedOut(this ILogger logger, string transactionalId);

    [LoggerMessage(7050, LogLevel.Information, "Log is Kafka at {BootstrapServers}")]
    public static partial void KafkaOpened(this ILogger logger, string? bootstrapServers);

    [LoggerMessage(7051, LogLevel.Critical, "The Kafka client has failed and takes nothing more; restart the process: {Reason} ({Code})")]
    public static partial void KafkaFailed(this ILogger logger, string reason, ErrorCode code);

    [LoggerMessage(7052, LogLevel.Warning, "Kafka: {Reason} ({Code}); the client goes on trying{More}")]
    private static partial void ClientGoesOn(this ILogger logger, ErrorCode code, string reason, string more);

    /// <summary>A fault that librdkafka goes on after; of equal ones one in some seconds.</summary>
    public static void ClientError(this ILogger logger, ErrorCode code, string reason)
    {
        if (Repeats.Take($"{code} {reason}", out var suppressed))
        {
            logger.ClientGoesOn(code, reason, More(suppressed));
        }
    }

    [LoggerMessage(7053, LogLevel.Warning, "{Bytes} bytes were still unanswered when a producer was closed")]
    public static partial void RecordsUnanswered(this ILogger logger, long bytes);

    [LoggerMessage(7054, LogLevel.Warning, "Transaction of {TransactionalId} could not be aborted; its coordinator will")]
    public static partial void AbortFailed(this ILogger logger, string transactionalId, Exception error);

    [LoggerMessage(7055, LogLevel.Information, "The cluster does not have the consumer group protocol of KIP-848; group {Group} uses the classic one")]
    public static partial void ClassicGroups(this ILogger logger, string? group);

    [LoggerMessage(7056, LogLevel.Warning, "The committed offsets of group {Group} are not known yet; asking again")]
    public static partial void StartUnknown(this ILogger logger, string? group, Exception error);

    [LoggerMessage(7057, LogLevel.Warning, "Group {Group} could not be left in good order; its coordinator removes this member after a while")]
    public static partial void CloseFailed(this ILogger logger, string? group, Exception error);

    [LoggerMessage(7058, LogLevel.Debug, "librdkafka {Name} {Facility}: {Message}")]
    public static partial void ClientMessage(this ILogger logger, string name, string facility, string message);

    [LoggerMessage(7059, LogLevel.Warning, "librdkafka {Name} {Facility}: {Message}{More}")]
    private static partial void ClientWarning(this ILogger logger, string name, string facility, string message, string more);

    [LoggerMessage(7068, LogLevel.Error, "The Kafka client forgot to {What} a transaction of {TransactionalId}; the id is opened again with another client")]
    public static partial void CallForgotten(this ILogger logger, string transactionalId, string what);

    [LoggerMessage(7069, LogLevel.Warning, "A Kafka client does not close; the process goes on without waiting for it")]
    public static partial void ClientLeftBehind(this ILogger logger);

    [LoggerMessage(7072, LogLevel.Warning,
        "A member of group {Group} may have missed an answer of its coordinator ({Cause}); it leaves the group and joins again")]
    public static partial void MemberRejoins(this ILogger logger, string? group, string cause);

    [LoggerMessage(7073, LogLevel.Warning,
        "The client of group {Group} has stopped reading {Partition} at offset {Offset} although the log goes on to {End}; the partition is given to it again")]
    public static partial void FetchStopped(this ILogger logger, TopicPartition partition, string? group, long offset, long end);

    [LoggerMessage(7080, LogLevel.Information, "Store and forward in {Directory}: {Records} records wait for {Target}")]
    public static partial void ForwardOpened(this ILogger logger, string directory, long records, string target);

    [LoggerMessage(7081, LogLevel.Warning, "{Target} does not take records: {Reason} They are kept on disk; trying again in {Seconds:0.0} s")]
    public static partial void ForwardLost(this ILogger logger, string target, string reason, double seconds);

    [LoggerMessage(7082, LogLevel.Information, "{Target} takes records; {Records} wait")]
    public static partial void ForwardFound(this ILogger logger, string target, long records);

    [LoggerMessage(7083, LogLevel.Warning,
        "Store and forward is full ({Bytes} of {BytesMax} bytes, Log:StoreAndForward:MaxBytes): nothing more is taken until {Target} has taken some")]
    public static partial void ForwardFull(this ILogger logger, long bytes, long bytesMax, string target);

    [LoggerMessage(7084, LogLevel.Information, "Store and forward has room again")]
    public static partial void ForwardHasRoom(this ILogger logger);

    [LoggerMessage(7085, LogLevel.Error,
        "Store and forward is full: {Records} records of {Topic} that {Target} never had are removed (Log:StoreAndForward:WhenFull=DropOldest); {Total} since the start")]
    public static partial void ForwardDropped(this ILogger logger, long records, string topic, string target, long total);

    [LoggerMessage(7086, LogLevel.Error, "Positions of store and forward cannot be written; records sent since come again after a restart")]
    public static partial void ForwardNotCommitted(this ILogger logger, Exception error);

    [LoggerMessage(7087, LogLevel.Error, "Store and forward cannot read its journal; trying again in {Seconds:0.0} s")]
    public static partial void ForwardReadFailed(this ILogger logger, double seconds, Exception error);

    private static readonly RepeatLimit Repeats = new(TimeProvider.System, TimeSpan.FromSeconds(5));

    /// <summary>A line of librdkafka's own log; of equal warnings one in some seconds.</summary>
    public static void Client(this ILogger logger, LogMessage message)
    {
        if (message.Level <= SyslogLevel.Warning)
        {
            if (Repeats.Take($"{message.Name} {message.Facility} {message.Message}", out var suppressed))
            {
                logger.ClientWarning(message.Name, message.Facility, message.Message, More(suppressed));
            }
        }
        else
        {
            logger.ClientMessage(message.Name, message.Facility, message.Message);
        }
    }

    private static string More(int suppressed) =>
        suppressed == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" (and {suppressed} times more in between)");
}
