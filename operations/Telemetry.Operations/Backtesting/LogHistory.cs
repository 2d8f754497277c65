using System.Text;
using Telemetry.Contracts;
using Telemetry.Processing.Backtesting;
using Telemetry.Storage.Audit;
using Telemetry.Streams;

namespace Telemetry.Operations.Backtesting;

/// <summary>History from the log: as far back as its retention goes, in the order it came, late readings and all.</summary>
public static class LogHistory
{
    private const int RecordsMax = 5000;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);

    /// <summary>Feeds the records taken by the log from the start of the span to its end.</summary>
    public static async Task FeedAsync(
        IRecordLog log, HistorySpan span, Backtest backtest, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var device = span.Device is null ? null : Encoding.ASCII.GetBytes(span.Device);
        var partitions = await log.QueryPartitionCountAsync(LogTopics.Readings, cancellationToken);
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        for (var i = 0; i < partitions; i++)
        {
            var partition = new TopicPartition(LogTopics.Readings, i);
            var high = (await log.QueryOffsetsAsync(partition, cancellationToken)).High;
            var from = await log.QueryOffsetForTimeAsync(partition, span.Start, cancellationToken) ?? high;
            var to = await log.QueryOffsetForTimeAsync(partition, span.To, cancellationToken) ?? high;
            consumer.Assign([partition]);
            consumer.Seek(partition, from);
            while (consumer.Position(partition) < to)
            {
                progress?.Report(new WorkProgress($"Reading partition {i} of the log", consumer.Position(partition) - from, to - from, "records"));
                var records = await consumer.PollAsync(RecordsMax, PollWait, cancellationToken);
                for (var r = 0; r < records.Count && records[r].Offset < to; r++)
                {
                    if (device is null || records[r].Key.Span.SequenceEqual(device))
                    {
                        backtest.Take(records[r]);
                    }
                }
            }
        }
    }
}
