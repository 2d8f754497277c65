using System.Text;
using Telemetry.Streams;

namespace Telemetry.Host.Access;

/// <summary>
/// A compacted topic of one partition as a table that every process over the log sees alike: what one puts, the others have as soon as they have read it.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="topic">The topic.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Told when reading fails.</param>
internal sealed class KeyedTopic(IRecordLog log, string topic, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int RecordsMax = 2_000;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly TopicPartition _partition = new(topic, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lazy<IRecordProducer> _producer = new(() => log.CreateProducer(new ProducerOptions { InFlightBytesMax = 4 << 20 }));
    private Task _loop = Task.CompletedTask;
    private long _position;

    /// <summary>Told every record, in order, on one thread: the key, and the value or null for a key that is gone.</summary>
    public Action<string, ReadOnlyMemory<byte>?> Changed { get; set; } = static (_, _) => { };

    /// <summary>Completes when the topic has been read to its end for the first time.</summary>
    public Task Read => _read.Task;

    /// <summary>Begins to follow.</summary>
    public void Start() => _loop = LogFollower.RunAsync(
        FollowAsync, (error, pause) => AccessLog.SharedNotRead(logger, topic, pause, error.Message), Retry, time, _stop.Token);

    /// <summary>Waits until everything that is on the topic now has been told. False: the log did not say, or not in time.</summary>
    public async Task<bool> CatchUpAsync(TimeSpan wait)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(wait);
        try
        {
            await log.WaitUntilReadAsync(_partition, () => Volatile.Read(ref _position), time, limit.Token);
            return true;
        }
        catch (Exception error) when (error is OperationCanceledException or RecordLogException)
        {
            return false;
        }
    }

    /// <summary>Puts a value; completes when it is durable.</summary>
    /// <exception cref="RecordLogException">The log did not take it.</exception>
    /// <exception cref="OperationCanceledException">Not within the time.</exception>
    public async Task PutAsync(string key, ReadOnlyMemory<byte> value, TimeSpan wait)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(wait);
        await _producer.Value.AppendAsync(topic, 0, Encoding.UTF8.GetBytes(key), value, time.GetUtcNow().ToUnixTimeMilliseconds(), limit.Token);
    }

    /// <summary>Removes a key, without waiting; a log that does not take it keeps it until somebody removes it again.</summary>
    public void RemoveSoon(string key)
    {
        try
        {
            _producer.Value.TryAppend(
                new NewRecord { Topic = topic, Partition = 0, Key = Encoding.UTF8.GetBytes(key), TimestampMs = time.GetUtcNow().ToUnixTimeMilliseconds() }, null, 0);
        }
        catch (RecordLogException error)
        {
            AccessLog.SharedNotWritten(logger, topic, error.Message);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        if (_producer.IsValueCreated)
        {
            await _producer.Value.DisposeAsync();
        }

        _stop.Dispose();
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        var ends = await log.AssignFromStartAsync(consumer, topic, cancellationToken);
        while (true)
        {
            Volatile.Write(ref _position, consumer.Position(_partition));
            if (!_read.Task.IsCompleted && _position >= ends[_partition])
            {
                _read.TrySetResult();
            }

            foreach (var record in await consumer.PollAsync(RecordsMax, PollWait, cancellationToken))
            {
                Changed(Encoding.UTF8.GetString(record.Key.Span), record.Value.IsEmpty ? default(ReadOnlyMemory<byte>?) : record.Value);
            }
        }
    }
}
