using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Operations.Audit;

/// <summary>What the log holds: every reading of every record of the readings topic.</summary>
internal sealed class LogScan
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(200);

    public Dictionary<ReadingKey, SequenceSet> Readings { get; } = [];

    /// <summary>Readings with their copies.</summary>
    public long Copies { get; private set; }

    /// <summary>Records that are no batch.</summary>
    public long Undecodable { get; private set; }

    /// <summary>True when retention has removed the beginning: what is stored may then be missing here.</summary>
    public bool Truncated { get; private set; }

    public static async Task<LogScan> ReadAsync(IRecordLog log, CancellationToken cancellationToken)
    {
        var scan = new LogScan();
        var ends = new Dictionary<TopicPartition, long>();
        var count = await log.QueryPartitionCountAsync(KafkaTopics.Readings, cancellationToken);
        for (var partition = 0; partition < count; partition++)
        {
            var place = new TopicPartition(KafkaTopics.Readings, partition);
            var range = await log.QueryOffsetsAsync(place, cancellationToken);
            scan.Truncated |= range.Low > 0;
            if (range.High > range.Low)
            {
                ends[place] = range.High;
            }
        }

        await using var consumer = log.CreateConsumer(new ConsumerOptions { Start = StartPosition.Earliest });
        consumer.Assign([.. ends.Keys]);
        var batch = new ReadingBatchBuffer();
        while (ends.Any(e => consumer.Position(e.Key) < e.Value))
        {
            foreach (var record in await consumer.PollAsync(10_000, Wait, cancellationToken))
            {
                scan.Add(record, batch);
            }
        }

        return scan;
    }

    private void Add(in LogRecord record, ReadingBatchBuffer batch)
    {
        if (!ConfluentFrame.TryRead(record.Value, out _, out var message) || !batch.TryDecode(ReadingBatchVersion.Undecided, message, out _))
        {
            Undecodable++;
            return;
        }

        var key = new ReadingKey(Encoding.ASCII.GetString(batch.Device), batch.BootId);
        if (!Readings.TryGetValue(key, out var set))
        {
            Readings[key] = set = new SequenceSet();
        }

        Copies += batch.Count;
        set.Add(batch.FirstSequence, batch.FirstSequence + (ulong)(batch.Count - 1));
    }
}
