using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// Appends to the partitions what the catalogue says anew of their sensors, so that it is in force from an offset on. Called by the loop that owns the
/// consumer. What the log does not take now is written later.
/// </summary>
internal sealed class ProfileWriter(IRecordLog log, ILogger logger, TimeProvider time) : IAsyncDisposable
{
    private IRecordProducer? _producer;

    public void Write(IEnumerable<PartitionWorker> workers)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var worker in workers)
        {
            Write(worker, nowMs);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_producer is { } producer)
        {
            _producer = null;
            await producer.DisposeAsync();
        }
    }

    private void Write(PartitionWorker worker, long nowMs)
    {
        try
        {
            while (worker.WantedProfiles.TryPeek(out var wanted))
            {
                _producer ??= log.CreateProducer(new ProducerOptions());
                if (!_producer.TryAppend(
                    new NewRecord
                    {
                        Topic = worker.Partition.Topic,
                        Partition = worker.Partition.Partition,
                        Key = wanted.Device,
                        Headers = wanted.ToHeaders(),
                        TimestampMs = worker.PartitionTimeMs(nowMs),
                    },
                    null,
                    0))
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
