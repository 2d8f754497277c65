using Microsoft.Extensions.Logging;
using Telemetry.Streams;
using Telemetry.Streams.Pauses;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// Tells idle partitions that time has passed, by a record without a value at their end: the silence of devices is decided on the clock although no
/// record comes any more, and every replay sees the same clock. One record for all that has fallen due; none where nothing has. Called by the loop that
/// owns the consumer.
/// </summary>
internal sealed class TickWriter(OwnRecords records, ProcessingOptions options, ILogger logger, TimeProvider time)
{
    /// <summary>A record that was not seen for this long is written again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Writes what is due. What the log does not take now is written later.</summary>
    public void Write(IEnumerable<PartitionWorker> workers)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var worker in workers)
        {
            if (worker.TickAt(nowMs, options.TickAfter, Patience) is { } tickMs)
            {
                Write(worker, tickMs);
            }
        }
    }

    private void Write(PartitionWorker worker, long tickMs)
    {
        try
        {
            if (records.TryAppend(PassingTime.Record(worker.Partition, tickMs, worker.WatchedSinceMs)))
            {
                worker.TickWritten();
            }
        }
        catch (RecordLogException fault)
        {
            // The loop's own calls to the log say what is wrong with it, and when it ends for good.
            worker.TickWritten();
            ProcessingLog.TickFailed(logger, fault, worker.Partition, fault.Error);
        }
    }
}
