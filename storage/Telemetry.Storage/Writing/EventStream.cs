using Google.Protobuf;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Wire;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.Horizon;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.Deletion;

namespace Telemetry.Storage.Writing;

/// <summary>Anomalies, device events or incidents: one table, no rollups. Their records are written in transactions, so there are no copies to tell.</summary>
internal sealed class EventStream(EventTable events) : SinkStream
{
    private const int RowsPerInsertMax = 20_000;

    public override string Topic => events.Topic;

    public override IReadOnlyList<SinkTarget> Targets { get; } = [new SinkTarget(0, events.Table, events.CountColumn)];

    public override bool HasIds => false;

    public override string Label => events.Table;

    public override string NameOf(string configured) => $"{configured}-{events.Table}";

    public override TimeSpan FlushInterval(SinkOptions options) => options.EventFlushInterval;

    public override TimeSpan FlushIntervalUnread(SinkOptions options) => options.EventFlushIntervalUnread;

    public override int RowsMax(SinkOptions options) => Math.Min(options.RawRowsMax, RowsPerInsertMax);

    public override IRowBlock CreateBlock() => new EventBlock();

    public override (string Columns, string Structure) Layout => (events.Columns, events.Structure);

    public override void Encode(NativeWriter writer, IReadOnlyList<IRowBlock> blocks, IReadOnlyList<Marker> markers) => events.Encode(
        writer,
        [
            .. blocks.SelectMany(b => ((EventBlock)b).Rows),
            .. markers.Select(m => new EventRow(m.Partition, m.Last, m.Time, null, m.Sensor, m.Last - m.First + 1)),
        ]);

    /// <inheritdoc/>
    /// <remarks>Of a compacted topic those of the record's key: other keys of the device may be in other partitions, which stand elsewhere.</remarks>
    public override DeletedRows RowsOf(in LogRecord record, DeviceDeletion deletion)
    {
        if (!events.IsCompacted)
        {
            return DeletedRows.Of(deletion.Device);
        }

        var name = CatalogueName.OfKey(record.Key.Span);
        return new DeletedRows(
            "device = {device:String} AND sensor = {sensor:String} AND source = {source:String}",
            [new("device", name.Device), new("sensor", name.Sensor), new("source", CatalogueJson.SourceOf(name.Source))]);
    }

    public override IRecordIntake CreateIntake(DeadLetterQueue letters, SinkMetrics metrics) => new Intake(events, letters, metrics);

    private sealed class Intake(EventTable table, DeadLetterQueue letters, SinkMetrics metrics) : IRecordIntake
    {
        public bool Again { get; set; }

        public DeletedDevices Deleted { get; set; } = DeletedDevices.None;

        public void Replay(DuplicateFilter filter, in LogRecord record)
        {
            // Without ids there is nothing to remember.
        }

        public (long Newest, int Count) Take(DuplicateFilter? filter, in LogRecord record, IRowTarget target)
        {
            if (DeviceDeletion.Read(record) is not null)
            {
                return default;
            }

            var cause = "malformed-frame";
            try
            {
                if (ConfluentFrame.TryRead(record.Value, out _, out var value))
                {
                    var message = table.Parse(value);
                    if (Deleted.Contains(table.Topic, record.Partition, record.Offset, table.DeviceOf(message)))
                    {
                        metrics.Deleted(1);
                        return default;
                    }

                    var at = table.TimeOf(message);
                    if (at is >= Months.TimeMin and < Months.TimeEnd)
                    {
                        var month = Months.Of(at);
                        var row = new EventRow(record.Partition, record.Offset, at, message, table.SensorOf(message), 0);
                        foreach (var block in target.BlocksFor(month, record.Offset))
                        {
                            ((EventBlock)block).Append(row, month);
                        }

                        return (at, 1);
                    }

                    cause = "time-out-of-range";
                }
            }
            catch (InvalidProtocolBufferException)
            {
                cause = "malformed";
            }

            if (!Again)
            {
                metrics.DeadLettered(1);
                letters.Add(record, cause, $"the record cannot be stored in {table.Table}.", null);
            }

            return default;
        }
    }
}
