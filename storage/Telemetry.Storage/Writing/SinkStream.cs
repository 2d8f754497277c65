using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Rollups;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Storage.Writing;

/// <summary>
/// One topic of the log and the tables it fills: all that differs between the sinks. The way of the rows, from the claim of a partition to
/// the checkpoint, is the same for every stream.
/// </summary>
internal abstract class SinkStream
{
    /// <summary>Topic.</summary>
    public abstract string Topic { get; }

    /// <summary>Tables; the first takes the rows as they come, the others are rollups of it.</summary>
    public abstract IReadOnlyList<SinkTarget> Targets { get; }

    /// <summary>The table that takes the rows as they come.</summary>
    public SinkTarget Main => Targets[0];

    /// <summary>Rollups; may be none.</summary>
    public IReadOnlyList<SinkTarget> Rollups => [.. Targets.Skip(1)];

    /// <summary>True: rows are kept until the rollups have them.</summary>
    public bool HasRollups => Targets.Count > 1;

    /// <summary>True: records carry event ids, and copies are told by a filter whose state is part of the checkpoint.</summary>
    public abstract bool HasIds { get; }

    /// <summary>Label of the main table in metrics.</summary>
    public abstract string Label { get; }

    /// <summary>Consumer group, transactional id and the like of this stream, made from what is configured for all.</summary>
    public abstract string NameOf(string configured);

    /// <summary>At most one INSERT into the main table in this time.</summary>
    public abstract TimeSpan FlushInterval(SinkOptions options);

    /// <summary>The same while nobody reads the store and few rows wait.</summary>
    public abstract TimeSpan FlushIntervalUnread(SinkOptions options);

    /// <summary>Rows in one INSERT into the main table, about.</summary>
    public abstract int RowsMax(SinkOptions options);

    /// <summary>An empty block.</summary>
    public abstract IRowBlock CreateBlock();

    /// <summary>Columns of an INSERT into the main table, between commas, and their types.</summary>
    public abstract (string Columns, string Structure) Layout { get; }

    /// <summary>Writes all blocks and markers as one block of the Native format, for the main table.</summary>
    public abstract void Encode(NativeWriter writer, IReadOnlyList<IRowBlock> blocks, IReadOnlyList<Marker> markers);

    /// <summary>Asks the store how it is set up, before the stream is written.</summary>
    /// <exception cref="ClickHouseException">The store does not answer.</exception>
    public virtual ValueTask ReadSettingsAsync(IClickHouse clickHouse, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Makes the rows of the rollups; null for a stream without.</summary>
    public virtual RollupAggregator? CreateAggregator() => null;

    /// <summary>Rows that an order to delete a device's data takes out of every table of the stream.</summary>
    public virtual DeletedRows RowsOf(in LogRecord record, DeviceDeletion deletion) => DeletedRows.Of(deletion.Device);

    /// <summary>Decodes records.</summary>
    public abstract IRecordIntake CreateIntake(DeadLetterQueue letters, SinkMetrics metrics);
}
