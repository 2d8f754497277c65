using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Operations.Audit;

/// <summary>How a comparison reads the topic of readings.</summary>
internal static class ReadingRecords
{
    private const int RecordsMax = 2_000;
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(200);

    /// <summary>Reads spans of offsets, all partitions side by side.</summary>
    /// <param name="log">The log.</param>
    /// <param name="spans">First offset and the one after the last, by partition.</param>
    /// <param name="take">Gets each record; its bytes are valid during the call.</param>
    /// <param name="left">Told how many offsets are left; null for nobody.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="RecordLogException">The log cannot be read.</exception>
    public static async Task ReadAsync(
        IRecordLog log, IEnumerable<KeyValuePair<int, OffsetRange>> spans, Action<LogRecord> take, Action<long>? left, CancellationToken cancellationToken)
    {
        var filled = spans.Where(s => s.Value.High > s.Value.Low).ToDictionary(s => new TopicPartition(LogTopics.Readings, s.Key), s => s.Value);
        if (filled.Count == 0)
        {
            return;
        }

        await using var consumer = log.CreateConsumer(new ConsumerOptions { Start = StartPosition.Earliest });
        consumer.Assign([.. filled.Keys]);
        foreach (var (partition, span) in filled)
        {
            consumer.Seek(partition, span.Low);
        }

        while (filled.Any(s => consumer.Position(s.Key) < s.Value.High))
        {
            foreach (var record in await consumer.PollAsync(RecordsMax, Wait, cancellationToken))
            {
                if (record.Offset < filled[new TopicPartition(LogTopics.Readings, record.Partition)].High)
                {
                    take(record);
                }
            }

            left?.Invoke(filled.Sum(s => Math.Max(0, s.Value.High - consumer.Position(s.Key))));
        }
    }

    /// <summary>Decodes the batch of a record, by its schema or else by what its bytes are. False: it is none, and storage puts it aside whole.</summary>
    public static bool TryDecodeRecord(this ReadingBatchBuffer batch, IReadingSchemas schemas, ReadOnlyMemory<byte> value) =>
        ConfluentFrame.TryRead(value, out var schemaId, out var message)
        && (batch.TryDecode(schemas.Find(schemaId), message, out _) || batch.TryDecode(ReadingBatchVersion.Undecided, message, out _));
}
