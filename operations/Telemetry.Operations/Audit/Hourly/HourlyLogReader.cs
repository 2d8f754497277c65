using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Storage.Horizon;
using Telemetry.Streams;

namespace Telemetry.Operations.Audit.Hourly;

/// <summary>Reads the readings of the log piece by piece and counts them by hour; knows how far it is.</summary>
internal sealed class HourlyLogReader(IRecordLog log, IReadingSchemas schemas)
{
    private const int RecordsMax = 2_000;
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(200);

    private readonly ReadingBatchBuffer _batch = new();
    private Dictionary<int, long> _positions = [];

    /// <summary>The offset read next, by partition.</summary>
    public IReadOnlyDictionary<int, long> Positions => _positions;

    public void Begin(Dictionary<int, long> positions) => _positions = positions;

    /// <summary>True: the log has lost records that were not read yet, or has other partitions.</summary>
    /// <param name="lows">The first offset there is, by partition.</param>
    public bool IsBehindLog(IReadOnlyDictionary<int, long> lows) =>
        lows.Count != _positions.Count || lows.Any(l => !_positions.TryGetValue(l.Key, out var position) || position < l.Value);

    /// <summary>Reads on, up to these offsets.</summary>
    /// <exception cref="RecordLogException">The log cannot be read.</exception>
    public async Task ReadAsync(LogHours hours, IReadOnlyDictionary<int, long> ends, DeletedDevices deleted, CancellationToken cancellationToken)
    {
        var from = _positions.Where(p => ends.GetValueOrDefault(p.Key) > p.Value).ToDictionary(p => new TopicPartition(LogTopics.Readings, p.Key), p => p.Value);
        if (from.Count == 0)
        {
            return;
        }

        await using var consumer = log.CreateConsumer(new ConsumerOptions { Start = StartPosition.Earliest });
        consumer.Assign([.. from.Keys]);
        foreach (var (partition, offset) in from)
        {
            consumer.Seek(partition, offset);
        }

        while (from.Keys.Any(p => consumer.Position(p) < ends[p.Partition]))
        {
            foreach (var record in await consumer.PollAsync(RecordsMax, Wait, cancellationToken))
            {
                if (record.Offset < ends[record.Partition])
                {
                    Add(hours, record, deleted);
                }
            }
        }

        foreach (var partition in from.Keys)
        {
            _positions[partition.Partition] = ends[partition.Partition];
        }
    }

    private void Add(LogHours hours, in LogRecord record, DeletedDevices deleted)
    {
        if (!ConfluentFrame.TryRead(record.Value, out var schemaId, out var message)
            || (!_batch.TryDecode(schemas.Find(schemaId), message, out _) && !_batch.TryDecode(ReadingBatchVersion.Undecided, message, out _)))
        {
            return; // No batch: storage puts it aside whole.
        }

        if (deleted.IsEmpty || !deleted.Contains(LogTopics.Readings, record.Partition, record.Offset, Encoding.ASCII.GetString(_batch.Device)))
        {
            hours.Add(_batch);
        }
    }
}
