using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;
using Telemetry.Storage.Rollups;
using Telemetry.Storage.Schema;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;

namespace Telemetry.Storage.Writing;

/// <summary>Readings: the raw table and its rollups.</summary>
/// <param name="schemas">Layouts by schema id.</param>
internal sealed class ReadingStream(IReadingSchemas schemas) : SinkStream
{
    private const int NamesMax = 1_000_000;

    private NameTable _names = new();
    private volatile bool _hasMinutes = true;

    public override string Topic => LogTopics.Readings;

    public override IReadOnlyList<SinkTarget> Targets => SinkTarget.All;

    public override bool HasIds => true;

    public override string Label => "raw";

    public override string NameOf(string configured) => configured;

    public override TimeSpan FlushInterval(SinkOptions options) => options.RawFlushInterval;

    public override TimeSpan FlushIntervalUnread(SinkOptions options) => options.RawFlushIntervalUnread;

    public override int RowsMax(SinkOptions options) => options.RawRowsMax;

    public override IRowBlock CreateBlock()
    {
        if (_names.Count > NamesMax)
        {
            _names = new NameTable();
        }

        return new RowBlock(_names);
    }

    public override (string Columns, string Structure) Layout => (ReadingEncoder.Columns, ReadingEncoder.Structure);

    public override void Encode(NativeWriter writer, IReadOnlyList<IRowBlock> blocks, IReadOnlyList<Marker> markers) =>
        ReadingEncoder.Encode(writer, [.. blocks.Cast<RowBlock>()], markers);

    public override async ValueTask ReadSettingsAsync(IClickHouse clickHouse, CancellationToken cancellationToken) =>
        _hasMinutes = await SchemaMigrator.HasMinutesAsync(clickHouse, cancellationToken);

    public override RollupAggregator CreateAggregator() => new(() => _hasMinutes);

    public override IRecordIntake CreateIntake(DeadLetterQueue letters, SinkMetrics metrics) => new Intake(new ReadingIntake(letters, metrics, schemas));

    private sealed class Intake(ReadingIntake readings) : IRecordIntake, IReadingTarget
    {
        private IRowTarget _target = null!;

        public bool Again
        {
            get => readings.Again;
            set => readings.Again = value;
        }

        public DeletedDevices Deleted
        {
            get => readings.Deleted;
            set => readings.Deleted = value;
        }

        public void Replay(DuplicateFilter filter, in LogRecord record) => readings.Replay(filter, record);

        public (long Newest, int Count) Take(DuplicateFilter? filter, in LogRecord record, IRowTarget target)
        {
            _target = target;
            readings.Take(filter!, record, this);
            return readings.Last;
        }

        public void Append(int partition, long offset, int month, ReadingBatchBuffer batch, int start, int count)
        {
            foreach (var block in _target.BlocksFor(month, offset))
            {
                ((RowBlock)block).Append(partition, month, batch, start, count);
            }
        }
    }
}
