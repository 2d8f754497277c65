using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.Horizon;
using Telemetry.Streams;

namespace Telemetry.Operations.Audit.Hourly;

/// <summary>Reads the readings of the log piece by piece and counts them by hour; knows how far it is.</summary>
internal sealed class HourlyLogReader(IRecordLog log, IReadingSchemas schemas)
{
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
        var spans = _positions.ToDictionary(p => p.Key, p => new OffsetRange(p.Value, Math.Max(p.Value, ends.GetValueOrDefault(p.Key))));
        await ReadingRecords.ReadAsync(log, spans, record => Add(hours, record, deleted), left: null, cancellationToken);
        foreach (var (partition, span) in spans)
        {
            _positions[partition] = span.High;
        }
    }

    private void Add(LogHours hours, in LogRecord record, DeletedDevices deleted)
    {
        if (_batch.TryDecodeRecord(schemas, record.Value)
            && (deleted.IsEmpty || !deleted.Contains(LogTopics.Readings, record.Partition, record.Offset, Encoding.ASCII.GetString(_batch.Device))))
        {
            hours.Add(_batch);
        }
    }
}
