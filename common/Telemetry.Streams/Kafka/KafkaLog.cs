using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Telemetry.Streams.Kafka.Admin;
using Telemetry.Streams.Kafka.Consumers;
using Telemetry.Streams.Kafka.Producers;

namespace Telemetry.Streams.Kafka;

/// <summary>The log on a Kafka cluster.</summary>
public sealed class KafkaLog : IRecordLog
{
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GroupOffsetsQuery _committed;
    private readonly LagQuery _lag;
    private volatile bool _closed;

    private KafkaLog(KafkaOptions options, ILogger logger, TimeProvider time)
    {
        (Options, Logger, Time) = (options, logger, time);
        Metrics = new KafkaMetrics(() => Topics.All);
        UsesClassicGroups = options.GroupProtocol == KafkaGroupProtocol.Classic;
        Admin = new KafkaAdmin(this);
        _committed = new GroupOffsetsQuery(this);
        _lag = new LagQuery(this);
    }

    /// <inheritdoc/>
    public Task<Exception> Failed => _failed.Task;

    internal KafkaOptions Options { get; }

    internal ILogger Logger { get; }

    internal TimeProvider Time { get; }

    internal KafkaMetrics Metrics { get; }

    internal KafkaTopicTable Topics { get; } = new();

    internal KafkaAdmin Admin { get; }

    /// <summary>True: the classic group protocol, by option or because the cluster knows no other.</summary>
    internal bool UsesClassicGroups { get; set; }

    /// <summary>Opens the log; connections are made when they are needed.</summary>
    /// <exception cref="RecordLogException">
    /// <see cref="RecordLogError.Misconfigured"/>: a file is missing, a value or a combination is not allowed.
    /// <see cref="RecordLogError.NotInstalled"/>: the client library cannot be loaded.
    /// </exception>
    public static KafkaLog Open(KafkaOptions options, ILoggerFactory loggerFactory, TimeProvider timeProvider)
    {
        if (string.IsNullOrEmpty(options.BootstrapServers))
        {
            throw new ArgumentException("Kafka:BootstrapServers is empty; give host:port,...", nameof(options));
        }

        var log = new KafkaLog(options, loggerFactory.CreateLogger<KafkaLog>(), timeProvider);
        log.Logger.KafkaOpened(options.BootstrapServers);
        return log;
    }

    /// <inheritdoc/>
    public ValueTask EnsureTopicsAsync(IReadOnlyList<TopicSpec> topics, CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        return new(Admin.EnsureTopicsAsync(topics, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<int> QueryPartitionCountAsync(string topic, CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        return Topics.PartitionsOf(topic) is { } known ? new(known) : new(Admin.QueryPartitionCountAsync(topic, cancellationToken));
    }

    /// <inheritdoc/>
    public IRecordProducer CreateProducer(ProducerOptions options)
    {
        ThrowIfUnusable();
        return new KafkaProducer(this, KafkaClientConfig.Producer(Options, options), options);
    }

    /// <inheritdoc/>
    public async ValueTask<ITransactionalProducer> OpenTransactionalProducerAsync(
        string transactionalId, ProducerOptions options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(transactionalId);
        ThrowIfUnusable();
        return await KafkaTransactionalProducer.OpenAsync(this, transactionalId, options, cancellationToken);
    }

    /// <inheritdoc/>
    public IRecordConsumer CreateConsumer(ConsumerOptions options)
    {
        ThrowIfUnusable();
        return options.Topics.Count > 0 && options.Group is null
            ? throw new ArgumentException("Subscribing to topics needs a group; without one, call Assign.", nameof(options))
            : new KafkaConsumer(this, options, Options);
    }

    /// <inheritdoc/>
    public ValueTask<OffsetRange> QueryOffsetsAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        return new(Admin.QueryOffsetsAsync(partition, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<long?> QueryOffsetForTimeAsync(
        TopicPartition partition, DateTimeOffset time, CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        await Admin.DemandAsync(partition, cancellationToken);
        var found = await Admin.ListAsync(
            [partition], OffsetSpec.ForTimestamp(Math.Max(0, time.ToUnixTimeMilliseconds())), IsolationLevel.ReadUncommitted,
            cancellationToken);
        return found[partition] is >= 0 and var offset ? offset : null;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<TopicPartition, CommittedOffset>> QueryCommittedAsync(
        string group, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        return new(_committed.QueryAsync(group, partitions, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(
        string group, string topic, CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        var count = await QueryPartitionCountAsync(topic, cancellationToken);
        TopicPartition[] partitions = [.. Enumerable.Range(0, count).Select(i => new TopicPartition(topic, i))];
        var committed = await _committed.QueryAsync(group, partitions, cancellationToken);
        return await _lag.QueryAsync(partitions, committed.ToDictionary(c => c.Key, c => c.Value.Offset), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(
        IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        return new(_lag.QueryAsync([.. next.Keys], next, cancellationToken));
    }

    /// <summary>Closes what the log itself opened; producers and consumers are closed by their owners before.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        await _lag.DisposeAsync();
        await _committed.DisposeAsync();
        await Admin.DisposeAsync();
        Metrics.Dispose();
    }

    /// <summary>A client cannot go on.</summary>
    internal void Fail(Error error)
    {
        if (_failed.TrySetResult(error.ToException("The Kafka producer has failed for good")))
        {
            Logger.KafkaFailed(error.Reason, error.Code);
        }
    }

    internal void ThrowIfUnusable()
    {
        if (_closed)
        {
            throw new RecordLogException(RecordLogError.Closed, "The log is closed.");
        }

        if (_failed.Task.IsCompleted)
        {
            throw new RecordLogException(
                RecordLogError.WriteFailed, "The Kafka client has failed for good; restart the process.", _failed.Task.Result);
        }
    }
}
