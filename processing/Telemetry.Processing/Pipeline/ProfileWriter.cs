using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// Appends to the partitions what the catalogue says anew of their sensors, so that it is in force from an offset on. Called by the loop that owns the
/// consumer. What the log does not take now is written later.
/// </summary>
internal sealed class ProfileWriter(OwnRecords records, ILogger logger, TimeProvider time)
{
    public void Write(IEnumerable<PartitionWorker> workers)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var worker in workers)
        {
            Write(worker, nowMs);
        }
    }

    private void Write(PartitionWorker worker, long nowMs)
    {
        try
        {
            while (worker.WantedProfiles.TryPeek(out var wanted))
            {
                if (!records.TryAppend(
                    new NewRecord
                    {
                        Topic = worker.Partition.Topic,
                        Partition = worker.Partition.Partition,
                        Key = wanted.Device,
                        Headers = wanted.ToHeaders(),
                        TimestampMs = worker.PartitionTimeMs(nowMs),
                    }))
                {
                    return;
                }

                worker.WantedProfiles.TryDequeue(out _);
            }
        }
        catch (RecordLogException fault)
        {
            // The loop's own calls to the log say what is wrong with it, and when it ends for good.
            ProcessingLog.ProfilesFailed(logger, fault, worker.Partition, fault.Error);
        }
    }
}
