using System.Text;
using Telemetry.Contracts;
using Telemetry.Streams;

namespace Telemetry.Host.Access;

/// <summary>Reads the audit log of all processes from its topic, newest first.</summary>
/// <param name="log">The log.</param>
/// <param name="time">Clock.</param>
internal sealed class AuditOnLog(IRecordLog log, TimeProvider time)
{
    private const int Chunk = 1_000;

    /// <summary>Records read for one answer, whatever is looked for: of older ones a later <c>before</c> asks.</summary>
    private const long ScanMax = 500_000;

    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(10);
    private static readonly TopicPartition Partition = new(LogTopics.Audit, 0);

    /// <summary>Entries that fit, newest first.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="before">Only older ones; null: from the newest.</param>
    /// <param name="user">Only of this user, client or owner; null: of all.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="RecordLogException">The log does not answer.</exception>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(int limit, DateTimeOffset? before, string? user, CancellationToken cancellationToken)
    {
        var (low, end) = await log.QueryOffsetsAsync(Partition, cancellationToken);
        if (before is { } time0 && time0 + Slack < time.GetUtcNow())
        {
            // Processes write an entry a moment after its time, and their clocks differ a little.
            end = await log.QueryOffsetForTimeAsync(Partition, time0 + Slack, cancellationToken) ?? end;
        }

        var found = new List<AuditEntry>();
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([Partition]);
        for (var oldest = Math.Max(low, end - ScanMax); end > oldest && found.Count < limit; end = Math.Max(oldest, end - Chunk))
        {
            var start = Math.Max(oldest, end - Chunk);
            var entries = await ReadAsync(consumer, start, end, cancellationToken);
            found.AddRange(entries.Where(e => (before is null || e.Time < before) && (user is null || e.IsOf(user))).Reverse());
        }

        return [.. found.OrderByDescending(e => e.Time).Take(limit)];
    }

    private static async Task<List<AuditEntry>> ReadAsync(IRecordConsumer consumer, long start, long end, CancellationToken cancellationToken)
    {
        var entries = new List<AuditEntry>();
        consumer.Seek(Partition, start);
        while (consumer.Position(Partition) < end)
        {
            foreach (var record in await consumer.PollAsync(Chunk, PollWait, cancellationToken))
            {
                if (record.Offset < end && AuditReader.Parse(record.Value.ToArray()) is { } entry)
                {
                    entries.Add(entry with
                    {
                        Properties = new Dictionary<string, string>(entry.Properties) { ["Process"] = Encoding.UTF8.GetString(record.Key.Span) },
                    });
                }
            }
        }

        return entries;
    }
}
