using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.Audit;
using Telemetry.Storage.Horizon;
using Telemetry.Streams;

namespace Telemetry.Operations.Audit;

/// <summary>Reads every reading of every record of the readings topic, in a share of all event ids.</summary>
internal sealed class LogScan(AuditEvidence evidence, IReadingSchemas schemas, long rawFromUs, DeletedDevices deleted, AuditSample sample)
{
    private readonly ReadingBatchBuffer _batch = new();

    /// <summary>Readings with their copies.</summary>
    public long Copies { get; private set; }

    /// <summary>Readings, copies among them, of devices whose data was deleted since.</summary>
    public long Deleted { get; private set; }

    /// <param name="log">The log.</param>
    /// <param name="horizon">What it holds of the readings.</param>
    /// <param name="progress">Told how far this is; null for nobody.</param>
    /// <param name="cancellationToken">Stops.</param>
    public Task ReadAsync(IRecordLog log, LogHorizon horizon, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var total = horizon.Partitions.Sum(p => Math.Max(0, p.Offsets.High - p.Offsets.Low));
        return ReadingRecords.ReadAsync(
            log,
            horizon.Partitions.Select(p => KeyValuePair.Create(p.Partition, p.Offsets)),
            Add,
            left => progress?.Report(new WorkProgress("Reading the log", total - left, total, "records")),
            cancellationToken);
    }

    private void Add(LogRecord record)
    {
        if (!_batch.TryDecodeRecord(schemas, record.Value))
        {
            return;
        }

        var device = evidence.Log.Name(_batch.Device);
        if (!sample.Contains(device))
        {
            return;
        }

        if (deleted.Contains(LogTopics.Readings, record.Partition, record.Offset, device))
        {
            Deleted += _batch.Count;
            return;
        }

        for (var start = 0; _batch.RunLength(start) is var length and > 0; start += length)
        {
            Copies += evidence.Log.Add(device, _batch.BootId, _batch.Sequence(start), _batch.Sequence(start + length - 1));
        }

        if (rawFromUs > 0)
        {
            AddExpiring(device);
        }
    }

    private void AddExpiring(string device)
    {
        var times = _batch.EventTimes;
        for (var i = 0; i < times.Length; i++)
        {
            if (times[i] < rawFromUs)
            {
                evidence.LogExpiring.Add(device, _batch.BootId, _batch.Sequence(i), _batch.Sequence(i));
            }
        }
    }
}
