using System.Text;
using Telemetry.Contracts;
using Telemetry.Streams;

namespace Telemetry.Host.Deletion;

/// <summary>Topics with a retained message, as the log has them.</summary>
internal static class RetainedTopics
{
    private const int RecordsMax = 2_000;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads the compacted topic to its end.</summary>
    /// <param name="log">Where the broker keeps retained messages.</param>
    /// <param name="prefix">Beginning of the topic names wanted.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>Topic names, UTF-8.</returns>
    /// <exception cref="RecordLogException">The log does not answer.</exception>
    public static async Task<IReadOnlyList<byte[]>> UnderAsync(IRecordLog log, string prefix, CancellationToken cancellationToken)
    {
        var start = Encoding.UTF8.GetBytes(prefix);
        var topics = new HashSet<string>(StringComparer.Ordinal);
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        var ends = await log.AssignFromStartAsync(consumer, LogTopics.MqttRetained, cancellationToken);
        while (ends.Any(end => consumer.Position(end.Key) < end.Value))
        {
            foreach (var record in await consumer.PollAsync(RecordsMax, PollWait, cancellationToken))
            {
                if (record.Key.Span.StartsWith(start))
                {
                    var topic = Encoding.UTF8.GetString(record.Key.Span);
                    _ = record.Value.IsEmpty ? topics.Remove(topic) : topics.Add(topic);
                }
            }
        }

        return [.. topics.Order(StringComparer.Ordinal).Select(Encoding.UTF8.GetBytes)];
    }
}
