using System.Collections.Concurrent;
using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Native;

namespace Telemetry.Streams.Kafka.Producers;

/// <summary>
/// Appends to Kafka, idempotent and acknowledged by all in-sync replicas. Bounded by bytes in flight; what the bound lets in
/// is held until brokers answer or the delivery timeout is over. Delivery reports come from one thread of the client, in
/// order within a partition.
/// </summary>
internal class KafkaProducer : IRecordProducer
{
    /// <summary>What a record costs beside its bytes, here and in librdkafka; counted so that small records cannot fill memory.</summary>
    private const int RecordOverhead = 400;

    private static readonly TimeSpan PurgeTimeout = TimeSpan.FromSeconds(5);

    private readonly long _inFlightMax;
    private readonly IProducer<byte[]?, byte[]?> _producer;
    private readonly ConcurrentQueue<InFlightRecord> _free = [];
    private readonly Lock _gate = new();
    private long _inFlight;
    private long _refused;
    private volatile FlushGroup _group = new();
    private Task _flushed = Task.CompletedTask;
    private TaskCompletionSource? _capacity;
    private volatile bool _closed;

    public KafkaProducer(KafkaContext log, ProducerConfig config, ProducerOptions options)
    {
        Kafka = log;
        _inFlightMax = options.InFlightBytesMax;
        _producer = KafkaClients.Make("producer", () => new ProducerBuilder<byte[]?, byte[]?>(config)
            .SetKeySerializer(Serializers.ByteArray!)
            .SetValueSerializer(Serializers.ByteArray!)
            .SetLogHandler((_, message) => log.Logger.Client(message))
            .SetErrorHandler((_, error) => Failed(error))
            .Build());
        log.Metrics.Add(this, () => InFlightBytes);
    }

    /// <summary>Bytes appended and not yet answered, with what holding them costs.</summary>
    public long InFlightBytes => Volatile.Read(ref _inFlight);

    protected KafkaContext Kafka { get; }

    protected IProducer<byte[]?, byte[]?> Client => _producer;

    public virtual bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state)
    {
        Kafka.ThrowIfUnusable();
        if (_closed)
        {
            throw new RecordLogException(RecordLogError.Closed, "The producer is closed.");
        }

        var topic = Kafka.Topics.Of(record.Topic);
        var size = record.Key.Length + record.Value.Length + record.ValueTail.Length + SizeOf(record.Headers);
        if (size > Kafka.Options.RecordBytesMax)
        {
            throw new RecordLogException(
                RecordLogError.RecordTooLarge,
                $"A record of {size} bytes for topic '{record.Topic}' is larger than the limit of " +
                $"{Kafka.Options.RecordBytesMax} (Kafka:RecordBytesMax).");
        }

        var partition = topic.Place(record, size);
        var cost = size + RecordOverhead;
        var inFlight = Interlocked.Add(ref _inFlight, cost);
        if (inFlight > _inFlightMax && inFlight != cost)
        {
            Volatile.Write(ref _refused, cost);
            Leave(cost);
            return false;
        }

        if (!_free.TryDequeue(out var entry))
        {
            entry = new InFlightRecord(this);
        }

        var group = _group;
        group.Enter();
        (entry.Topic, entry.Completion, entry.State, entry.Size, entry.Group) = (topic, completion, state, size, group);
        entry.Send = KafkaTraces.Start(record);
        try
        {
            Produce(record, partition, entry);
            return true;
        }
        catch (ProduceException<byte[]?, byte[]?> error)
        {
            KafkaTraces.End(entry.Send, partition.Partition.Value, -1, error.Error);
            Recycle(entry);
            Volatile.Write(ref _refused, cost);
            Leave(cost);
            group.Leave();
            return error.Error.Code == ErrorCode.Local_QueueFull
                ? false
                : throw error.ToException($"A record for topic '{record.Topic}' was not taken");
        }
    }

    public ValueTask WaitForCapacityAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (HasRoom)
            {
                return ValueTask.CompletedTask;
            }

            _capacity ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        var capacity = Volatile.Read(ref _capacity);

        // What was in flight may have been answered in between; then nobody would tell.
        if (HasRoom)
        {
            WakeWaiters();
        }

        return capacity is null ? ValueTask.CompletedTask : new ValueTask(capacity.Task.WaitAsync(cancellationToken));
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        Task flushed;
        lock (_gate)
        {
            var group = _group;
            _group = new FlushGroup();
            flushed = _flushed.IsCompleted ? group.Done : Task.WhenAll(_flushed, group.Done);
            _flushed = flushed;
            group.Leave();
        }

        return new ValueTask(flushed.WaitAsync(cancellationToken));
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        try
        {
            await FlushAsync(default).AsTask().WaitAsync(Kafka.Options.RequestTimeout);
        }
        catch (TimeoutException)
        {
            await PurgeAsync();
        }

        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>The delivery report of a record.</summary>
    public void Delivered(InFlightRecord entry, int partition, long offset, Error error)
    {
        KafkaTraces.End(entry.Send, partition, offset, error);
        var (topic, completion, state, size, group) = (entry.Topic, entry.Completion, entry.State, entry.Size, entry.Group);
        Recycle(entry);
        RecordLogException? failure = null;
        if (error.IsError)
        {
            topic.Failed();
            failure = error.ToException($"A record for topic '{topic.Name}' was not acknowledged; it may be there all the same");
        }
        else
        {
            topic.Appended(size);
        }

        try
        {
            completion?.Appended(offset, failure, state);
        }
        catch (Exception thrown)
        {
            Kafka.Logger.CompletionThrew(thrown);
        }

        Leave(size + RecordOverhead);
        group.Leave();
    }

    /// <summary>Answers all records still held with an error.</summary>
    protected async Task PurgeAsync()
    {
        NativeCalls.Purge(_producer);
        try
        {
            await FlushAsync(default).AsTask().WaitAsync(PurgeTimeout);
        }
        catch (TimeoutException)
        {
            Kafka.Logger.RecordsUnanswered(InFlightBytes);
        }
    }

    protected async Task CloseAsync()
    {
        Kafka.Metrics.Remove(this);
        if (!await BlockingCall.ReturnsAsync(BlockingCall.RunAsync(_producer.Dispose), Kafka.Options.RequestTimeout, Kafka.Time))
        {
            Kafka.Logger.ClientLeftBehind();
        }
    }

    /// <summary>A fatal error of the client: nothing more can be appended in order.</summary>
    protected virtual void Failed(Error error)
    {
        if (error.IsFatal)
        {
            Kafka.Fail(error);
        }
        else
        {
            Kafka.Logger.ClientError(error.Code, error.Reason);
        }
    }

    private static int SizeOf(RecordHeaders? headers)
    {
        var size = 0;
        for (var i = 0; i < (headers?.Count ?? 0); i++)
        {
            size += headers![i].Key.Length + headers[i].Value.Length;
        }

        return size;
    }

    private void Produce(in NewRecord record, Confluent.Kafka.TopicPartition partition, InFlightRecord entry)
    {
        var scratch = Scratch.Current;
        var message = scratch.Message;
        message.Key = scratch.Key(record.Key);
        message.Value = scratch.Value(record.Value, record.ValueTail);
        message.Timestamp = new Timestamp(record.TimestampMs, TimestampType.CreateTime);
        message.Headers = null;
        if (record.Headers is { Count: > 0 } headers)
        {
            message.Headers = [];
            for (var i = 0; i < headers.Count; i++)
            {
                message.Headers.Add(headers[i].Key, headers[i].Value.ToArray());
            }
        }

        _producer.Produce(partition, message, entry.Delivered);
    }

    private bool HasRoom
    {
        get
        {
            var inFlight = InFlightBytes;
            return inFlight == 0 || inFlight + Volatile.Read(ref _refused) <= _inFlightMax;
        }
    }

    private void Leave(int cost)
    {
        Interlocked.Add(ref _inFlight, -cost);
        if (Volatile.Read(ref _capacity) is not null && HasRoom)
        {
            WakeWaiters();
        }
    }

    private void WakeWaiters()
    {
        lock (_gate)
        {
            _capacity?.TrySetResult();
            _capacity = null;
        }
    }

    private void Recycle(InFlightRecord entry)
    {
        entry.Completion = null;
        entry.Send = null;
        _free.Enqueue(entry);
    }
}
