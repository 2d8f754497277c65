using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Support;

/// <summary>Reads topics from their beginnings on and keeps every committed record.</summary>
internal sealed class LogTail : IAsyncDisposable
{
    private readonly IRecordLog _log;
    private readonly IRecordConsumer _consumer;
    private readonly Dictionary<string, List<LogRecord>> _records;

    private LogTail(IRecordLog log, IRecordConsumer consumer, IReadOnlyList<string> topics) =>
        (_log, _consumer, _records) = (log, consumer, topics.ToDictionary(topic => topic, _ => new List<LogRecord>()));

    /// <summary>What has been read of a topic; those of one partition in their order.</summary>
    public IReadOnlyList<LogRecord> this[string topic] => _records[topic];

    public static async Task<LogTail> StartAsync(IRecordLog log, IReadOnlyList<string> topics, CancellationToken cancellationToken)
    {
        var consumer = log.CreateConsumer(new ConsumerOptions());
        await log.AssignSinceAsync(consumer, topics, DateTimeOffset.UnixEpoch, cancellationToken);
        return new LogTail(log, consumer, topics);
    }

    /// <summary>Takes what there is, after a short wait when there is nothing.</summary>
    public async Task PollAsync(CancellationToken cancellationToken)
    {
        foreach (var record in await _consumer.PollAsync(2000, TimeSpan.FromMilliseconds(100), cancellationToken))
        {
            _records[record.Topic].Add(record with { Key = record.Key.ToArray(), Value = record.Value.ToArray() });
        }
    }

    /// <summary>Reads everything that is there now; waits for transactions that are open.</summary>
    public async Task ToEndAsync(CancellationToken cancellationToken)
    {
        foreach (var partition in _consumer.Assignment)
        {
            var high = (await _log.QueryOffsetsAsync(partition, cancellationToken)).High;
            while (_consumer.Position(partition) < high)
            {
                await PollAsync(cancellationToken);
            }
        }
    }

    public ValueTask DisposeAsync() => _consumer.DisposeAsync();
}
