using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Storage.Audit;
using Telemetry.Storage.Horizon;
using Telemetry.Streams;

namespace Telemetry.Operations.Audit;

/// <summary>Reads every reading of every record of the readings topic, in a share of all event ids.</summary>
internal sealed class LogScan(AuditEvidence evidence, IReadingSchemas schemas, long rawFromUs, DeletedDevices deleted, AuditSample sample)
{
    private const int RecordsMax = 2_000;
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(200);

    private readonly ReadingBatchBuffer _batch = new();

    /// <summary>Readings with their copies.</summary>
    public long Copies { get; private set; }

    /// <summary>Readings, copies among them, of devices whose data was deleted since.</summary>
    public long Deleted { get; private set; }

    /// <param name="log">The log.</param>
    /// <param name="horizon">What it holds of the readings.</param>
    /// <param name="progress">Told how far this is; null for nobody.</param>
    /// <param name="cancellationToken">Stops.</param>
    public Task ReadAsync(IRecordLog log, LogHorizon horizon, IProgress<WorkProgress>? progress, CancellationToken cancellationToken) => ReadAsync(
        log,
        horizon.Partitions.Where(p => p.Offsets.High > p.Offsets.Low).ToDictionary(p => new TopicPartition(LogTopics.Readings, p.Partition), p => p.Offsets),
        progress,
        cancellationToken);

    private async Task ReadAsync(
        IRecordLog log, Dictionary<TopicPartition, OffsetRange> ends, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var total = ends.Values.Sum(r => r.High - r.Low);
        await using var consumer = log.CreateConsumer(new ConsumerOptions { Start = StartPosition.Earliest });
        consumer.Assign([.. ends.Keys]);
        foreach (var (partition, range) in ends)
        {
            consumer.Seek(partition, range.Low);
        }

        while (ends.Any(e => consumer.Position(e.Key) < e.Value.High))
        {
            foreach (var record in await consumer.PollAsync(RecordsMax, Wait, cancellationToken))
            {
                if (record.Offset < ends[new TopicPartition(LogTopics.Readings, record.Partition)].High)
                {
                    Add(record);
                }
            }

            progress?.Report(new WorkProgress(
                "Reading the log", total - ends.Sum(e => Math.Max(0, e.Value.High - consumer.Position(e.Key))), total, "records"));
        }
    }

    private void Add(in LogRecord record)
    {
        if (!ConfluentFrame.TryRead(record.Value, out var schemaId, out var message)
            || (!_batch.TryDecode(schemas.Find(schemaId), message, out _) && !_batch.TryDecode(ReadingBatchVersion.Undecided, message, out _)))
        {
            // No batch: storage puts it aside whole.
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
