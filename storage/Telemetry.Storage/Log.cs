using Microsoft.Extensions.Logging;

namespace Telemetry.Storage;

/// <summary>All messages of this project; event ids 4000 to 4899.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Information, "ClickHouse engine open at {Directory}: {WriteLanes} write lanes, {QueryLanes} query lanes")]
    public static partial void EngineOpened(ILogger logger, string directory, int writeLanes, int queryLanes);

    [LoggerMessage(4001, LogLevel.Information, "ClickHouse engine closed")]
    public static partial void EngineClosed(ILogger logger);

    [LoggerMessage(4010, LogLevel.Information, "Schema migration {Name} applied")]
    public static partial void MigrationApplied(ILogger logger, string name);

    [LoggerMessage(4011, LogLevel.Information, "Schema setting {Name} is now {Value}")]
    public static partial void SchemaSettingApplied(ILogger logger, string name, string value);

    [LoggerMessage(4020, LogLevel.Information, "Recovery inserted {Rows} rows that {Table} lacked, offsets {First} to {Last}")]
    public static partial void Refilled(ILogger logger, string table, int rows, long first, long last);

    [LoggerMessage(4021, LogLevel.Error, "Part {Part} of {Table} is broken and was detached; its rows are inserted again from the log: {Detail}")]
    public static partial void PartDamaged(ILogger logger, string table, string part, string detail);

    [LoggerMessage(4022, LogLevel.Information, "{Topic}, partition {Partition}: group at {Committed}, tables hold up to {Held}, recovery inserted {Rows} rows; going on at {Next}")]
    public static partial void PartitionRecovered(ILogger logger, string topic, int partition, long committed, long held, long rows, long next);

    [LoggerMessage(4023, LogLevel.Error, "{Table}, month {Month}: a marker covers {First} to {Last} but counts {Count} offsets; the month is built again from raw")]
    public static partial void CoverageAlarm(ILogger logger, string table, int month, long first, long last, long count);

    [LoggerMessage(4024, LogLevel.Error, "Partition {Partition} of the log begins at offset {Low}, and the sink had stored up to {Committed}: retention removed {Lost} offsets before they were stored")]
    public static partial void LostByRetention(ILogger logger, int partition, long committed, long low, long lost);

    [LoggerMessage(4025, LogLevel.Warning, "{Count} parts were broken; comparing all tables with partition {Partition} of the log from its oldest offset on")]
    public static partial void BrokenOnStart(ILogger logger, int count, int partition);

    [LoggerMessage(4027, LogLevel.Information, "{Source}, partitions {Partitions}: claimed with epoch {Epoch} as {Owner}; {Ended} running INSERTs of former owners ended first")]
    public static partial void PartitionsClaimed(ILogger logger, string source, string partitions, ulong epoch, string owner, int ended);

    [LoggerMessage(4034, LogLevel.Warning, "{Table}, partition {Partition}: {Kept} buckets stay as they were, because raw does not cover them (it is complete from {From:O})")]
    public static partial void RebuildKept(ILogger logger, string table, int partition, long kept, DateTimeOffset from);

    [LoggerMessage(4035, LogLevel.Information, "Merging {Table}, partition {Partition}, to one part: {Parts} parts, {Bytes} bytes")]
    public static partial void MergingMonth(ILogger logger, string table, string partition, int parts, long bytes);

    [LoggerMessage(4036, LogLevel.Warning, "{Table}, partition {Partition}: not merged to one part: {Message}")]
    public static partial void MonthNotMerged(ILogger logger, string table, string partition, string message);

    [LoggerMessage(4037, LogLevel.Warning, "The store does not say which months are to be merged: {Message}")]
    public static partial void MonthsNotKnown(ILogger logger, string message);

    [LoggerMessage(4030, LogLevel.Warning, "The sink of {Topic} failed and starts again in {Delay}: {Message}")]
    public static partial void SinkFailed(ILogger logger, string topic, TimeSpan delay, string message, Exception exception);

    [LoggerMessage(4050, LogLevel.Critical, "The sink cannot run, and trying again would not help: {Message}")]
    public static partial void SinkCannotRun(ILogger logger, string message, Exception exception);

    [LoggerMessage(4031, LogLevel.Warning, "Free disk {Free} bytes is below the floor of {Floor}: {Topic} is not consumed further, the log keeps its records")]
    public static partial void DiskLow(ILogger logger, string topic, long free, long floor);

    [LoggerMessage(4032, LogLevel.Information, "Free disk {Free} bytes: {Topic} is consumed again")]
    public static partial void DiskRecovered(ILogger logger, string topic, long free);

    [LoggerMessage(4033, LogLevel.Information, "Sink stopped; everything consumed is stored: {Drained}")]
    public static partial void SinkStopped(ILogger logger, bool drained);

    [LoggerMessage(4026, LogLevel.Warning, "{Count} parts could not be read back and are tried again, for example {Part} of {Table}: {Detail}")]
    public static partial void PartsNotChecked(ILogger logger, int count, string part, string table, string detail);

    [LoggerMessage(4028, LogLevel.Information, "All parts have been checked, also the {Count} that could not be checked before")]
    public static partial void PartsChecked(ILogger logger, int count);

    [LoggerMessage(4029, LogLevel.Warning, "Parts cannot be checked now, the next try is in {Interval}: {Message}")]
    public static partial void PartsCheckFailed(ILogger logger, TimeSpan interval, string message);

    [LoggerMessage(4038, LogLevel.Information, "What {Label} had of device {Device} was deleted, below offset {Offset} of partition {Partition}, ordered by {By}")]
    public static partial void DeviceDeleted(ILogger logger, string device, string label, int partition, long offset, string by);

    [LoggerMessage(4002, LogLevel.Warning, "Query {Id} could not be killed on the server: {Message}")]
    public static partial void KillFailed(ILogger logger, string id, string message);
}
