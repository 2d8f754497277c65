using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Telemetry.Streams.Kafka.Admin;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Consumers;
using Telemetry.Streams.Kafka.Producers;

namespace Telemetry.Streams.Kafka;

/// <summary>The log on a Kafka cluster.</summary>
public sealed class KafkaLog : IRecordLog
{
    private readonly KafkaContext _context;
    private readonly KafkaAdmin _admin;
    private readonly GroupOffsetsQuery _committed;
    private readonly LagQuery _lag;

    private KafkaLog(KafkaContext context)
    {
        _context = context;
        _admin = new KafkaAdmin(context);
        _committed = new GroupOffsetsQuery(context);
        _lag = new LagQuery(context, _admin);
    }

    /// <inheritdoc/>
    public Task<Exception> Failed => _context.Failed;

    internal KafkaOptions Options => _context.Options;

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

        KafkaClients.Prove(options);
        var context = new KafkaContext(options, loggerFactory.CreateLogger<KafkaLog>(), timeProvider);
        context.Logger.KafkaOpened(options.BootstrapServers);
        return new KafkaLog(context);
    }

    /// <inheritdoc/>
    public ValueTask EnsureTopicsAsync(IReadOnlyList<TopicSpec> topics, CancellationToken cancellationToken)
    {
        _context.ThrowIfUnusable();
        return new(_admin.EnsureTopicsAsync(topics, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<int> QueryPartitionCountAsync(string topic, CancellationToken cancellationToken)
    {
        _context.ThrowIfUnusable();
        return _context.Topics.PartitionsOf(topic) is { } known ? new(known) : new(_admin.QueryPartitionCountAsync(topic, cancellationToken));
    }

    /// <inheritdoc/>
    public IRecordProducer CreateProducer(ProducerOptions options)
    {
        _context.ThrowIfUnusable();
        return new KafkaProducer(_context, KafkaClientConfig.Producer(Options, options), options);
    }

    /// <inheritdoc/>
    public async ValueTask<ITransactionalProducer> OpenTransactionalProducerAsync(
        string transactionalId, ProducerOptions options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(transactionalId);
        _context.ThrowIfUnusable();
        return await KafkaTransactionalProducer.OpenAsync(_context, transactionalId, options, cancellationToken);
    }

    /// <inheritdoc/>
    public IRecordConsumer CreateConsumer(ConsumerOptions options)
    {
        _context.ThrowIfUnusable();
        return options.Topics.Count > 0 && options.Group is null
            ? throw new ArgumentException("Subscribing to topics needs a group; without one, call Assign.", nameof(options))
            : new KafkaConsumer(_context, options, Options);
    }

    /// <inheritdoc/>
    public ValueTask<OffsetRange> QueryOffsetsAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        _context.ThrowIfUnusable();
        return new(_admin.QueryOffsetsAsync(partition, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<long?> QueryOffsetForTimeAsync(
        TopicPartition partition, DateTimeOffset time, CancellationToken cancellationToken)
    {
        _context.ThrowIfUnusable();
        await _admin.DemandAsync(partition, cancellationToken);
        var found = await _admin.ListAsync(
            [partition], Math.Max(0, time.ToUnixTimeMilliseconds()), IsolationLevel.ReadUncommitted,
            cancellationToken);
        return found[partition] is >= 0 and var offset ? offset : null;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<TopicPartition, CommittedOffset>> QueryCommittedAsync(
        string group, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        _context.ThrowIfUnusable();
        return new(_committed.QueryAsync(group, partitions, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(
        string group, string topic, CancellationToken cancellationToken)
    {
        _context.ThrowIfUnusable();
        var count = await QueryPartitionCountAsync(topic, cancellationToken);
        TopicPartition[] partitions = [.. Enumerable.Range(0, count).Select(i => new TopicPartition(topic, i))];
        var committed = await _committed.QueryAsync(group, partitions, cancellationToken);
        return await _lag.QueryAsync(partitions, committed.ToDictionary(c => c.Key, c => c.Value.Offset), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(
        IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancellationToken)
    {
        _context.ThrowIfUnusable();
        return new(_lag.QueryAsync([.. next.Keys], next, cancellationToken));
    }

    /// <summary>Closes what the log itself opened; producers and consumers are closed by their owners before.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_context.Close())
        {
            return;
        }

        await _lag.DisposeAsync();
        await _committed.DisposeAsync();
        await _admin.DisposeAsync();
        await BlockingCall.RunAsync(_context.Dispose);
    }
}
