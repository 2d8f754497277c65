using System.Text;
using Telemetry.Streams;

namespace Telemetry.Tests.Streams;

/// <summary>
/// What every <see cref="IRecordLog"/> does, in one abstract class a subject; each implementation derives from all of them.
/// Topics and groups have fresh names, so that a suite may share one cluster.
/// </summary>
public abstract class RecordLogContract(IRecordLogHost host) : IAsyncLifetime
{
    private int _names;

    protected IRecordLog Log { get; private set; } = null!;

    /// <summary>The host's patience.</summary>
    protected TimeSpan Generous => host.Patience;

    /// <summary>Whether members of groups may leave and join again in the middle of a test.</summary>
    protected bool MembersMayRejoin => host.MembersMayRejoin;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Log = await host.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    protected string NewName() => $"contract-{Guid.NewGuid():N}-{_names++}";

    protected async Task<string> NewTopicAsync(int partitions = 1, bool compacted = false)
    {
        var topic = NewName();
        await Log.EnsureTopicsAsync([new TopicSpec(topic, partitions, Compacted: compacted)], Cancel);
        return topic;
    }

    /// <summary>Appends and waits until it is durable.</summary>
    protected Task<long> AppendAsync(
        IRecordProducer producer, string topic, string key, string value, int? partition = null, RecordHeaders? headers = null,
        long timestampMs = 1_000)
    {
        var done = new Completion();
        producer.TryAppend(
            new NewRecord
            {
                Topic = topic,
                Partition = partition,
                Key = Bytes(key),
                Value = Bytes(value),
                Headers = headers,
                TimestampMs = timestampMs,
            },
            done,
            0).ShouldBeTrue();
        return done.Task.WaitAsync(Generous, Cancel);
    }

    /// <summary>Polls until there are at least so many records; the copies outlive the polls.</summary>
    protected async Task<List<Seen>> ReadAsync(IRecordConsumer consumer, int count)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(Generous);
        var seen = new List<Seen>();
        while (seen.Count < count)
        {
            Take(await consumer.PollAsync(100, TimeSpan.FromSeconds(1), deadline.Token), seen);
        }

        return seen;
    }

    /// <summary>Polls until nothing more comes.</summary>
    protected async Task<List<Seen>> DrainAsync(IRecordConsumer consumer)
    {
        var seen = new List<Seen>();
        while (Take(await consumer.PollAsync(100, host.QuietTime, Cancel), seen) > 0)
        {
            continue;
        }

        return seen;
    }

    /// <summary>Reads everything there is; no transaction may be open.</summary>
    protected async Task<List<Seen>> ReadAllAsync(string topic, bool readCommitted = true)
    {
        await using var consumer = Log.CreateConsumer(new ConsumerOptions { ReadCommitted = readCommitted });
        var ends = await EndsAsync(topic);
        consumer.Assign([.. ends.Keys]);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(Generous);
        var seen = new List<Seen>();
        while (ends.Any(end => consumer.Position(end.Key) < end.Value))
        {
            Take(await consumer.PollAsync(100, TimeSpan.FromMilliseconds(100), deadline.Token), seen);
        }

        return seen;
    }

    /// <summary>Reads what a read_committed consumer sees before the first open transaction: at least so many records.</summary>
    protected async Task<List<Seen>> ReadStableAsync(string topic, int count)
    {
        await using var consumer = Log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([.. (await EndsAsync(topic)).Keys]);
        return [.. await ReadAsync(consumer, count), .. await DrainAsync(consumer)];
    }

    private async Task<Dictionary<TopicPartition, long>> EndsAsync(string topic)
    {
        var ends = new Dictionary<TopicPartition, long>();
        var partitions = await Log.QueryPartitionCountAsync(topic, Cancel);
        for (var i = 0; i < partitions; i++)
        {
            var partition = new TopicPartition(topic, i);
            ends[partition] = (await Log.QueryOffsetsAsync(partition, Cancel)).High;
        }

        return ends;
    }

    private static int Take(IReadOnlyList<LogRecord> records, List<Seen> seen)
    {
        foreach (var record in records)
        {
            seen.Add(new Seen(
                record.Partition, record.Offset, record.TimestampMs, Text(record.Key), Text(record.Value), record.Headers.Count));
        }

        return records.Count;
    }

    protected sealed record Seen(int Partition, long Offset, long TimestampMs, string Key, string Value, int Headers);

    protected sealed class Completion : IAppendCompletion
    {
        private readonly TaskCompletionSource<long> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<long> Task => _done.Task;

        public void Appended(long offset, RecordLogException? error, ulong state)
        {
            if (error is null)
            {
                _done.SetResult(offset);
            }
            else
            {
                _done.SetException(error);
            }
        }
    }
}
