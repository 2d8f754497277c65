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
}
