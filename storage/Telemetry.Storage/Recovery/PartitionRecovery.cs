using Microsoft.Extensions.Logging;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Writing;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;

namespace Telemetry.Storage.Recovery;

/// <summary>
/// Fills every target with exactly the rows it lacks of one log partition. May be killed at any point and run again, from
/// any offset at or below what all targets hold.
/// </summary>
internal sealed class PartitionRecovery(
    IRecordLog log, SinkStream stream, SinkClaims claims, SinkOptions options, IRecordIntake intake, SinkMetrics metrics, ILogger logger)
{
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);

    /// <summary>Re-reads offsets [from, end] through <paramref name="filter"/>, whose state must be that at <paramref name="from"/>.</summary>
    /// <returns>Rows inserted.</returns>
    public async ValueTask<long> FillAsync(
        TopicPartition input, Coverage coverage, DuplicateFilter? filter, long from, long end, CancellationToken cancellationToken)
    {
        if (from > end)
        {
            return 0;
        }

        using var inserter = new RowInserter(stream, claims);
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([input]);
        consumer.Seek(input, from);
        var filled = 0L;
        var first = from;
        var chunk = new RecoveryChunk(stream, input.Partition, coverage, first, end);
        try
        {
            while (first <= end && consumer.Position(input) <= end)
            {
                foreach (var record in await consumer.PollAsync(options.RecordsPerPollMax, PollWait, cancellationToken))
                {
                    if (record.Offset > end)
                    {
                        break;
                    }

                    intake.Take(filter, record, chunk);
                    if (chunk.Rows >= stream.RowsMax(options))
                    {
                        filled += await InsertAsync(inserter, chunk, record.Offset, cancellationToken);
                        chunk.Dispose();
                        first = record.Offset + 1;
                        chunk = new RecoveryChunk(stream, input.Partition, coverage, first, end);
                    }
                }
            }

            return filled + await InsertAsync(inserter, chunk, end, cancellationToken);
        }
        finally
        {
            chunk.Dispose();
        }
    }

    private async ValueTask<long> InsertAsync(RowInserter inserter, RecoveryChunk chunk, long last, CancellationToken cancellationToken)
    {
        var rows = 0L;
        foreach (var (targets, block, markers) in chunk.Inserts(last))
        {
            await inserter.InsertAsync(targets, [block], markers, cancellationToken);
            metrics.Refilled(block.Count);
            Log.Refilled(logger, string.Join(", ", targets.Select(t => t.Table)), block.Count, markers[0].First, last);
            rows += block.Count;
        }

        return rows;
    }
}
