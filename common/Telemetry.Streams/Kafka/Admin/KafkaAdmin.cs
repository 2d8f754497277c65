using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Security;
using Telemetry.Streams.Kafka.Topics;

namespace Telemetry.Streams.Kafka.Admin;

/// <summary>Questions to the cluster about topics and offsets, and creating topics.</summary>
internal sealed class KafkaAdmin : IAsyncDisposable
{
    /// <summary>Tries of what may hang on one lost broker.</summary>
    private const int TriesMin = 3;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a broker may deny a topic that the controller has created already.</summary>
    private static readonly TimeSpan NewTopicDelay = TimeSpan.FromSeconds(2);

    private readonly KafkaContext _log;
    private readonly OffsetLister _offsets;

    public KafkaAdmin(KafkaContext log)
    {
        _log = log;
        _offsets = new OffsetLister(log);
    }

    private IAdminClient Client => _log.AdminClient;

    private TimeSpan TryTimeout => _log.Options.RequestTimeout / TriesMin;

    /// <summary>Creates what is missing; checks the partitions of what exists.</summary>
    public async Task EnsureTopicsAsync(IReadOnlyList<TopicSpec> topics, CancellationToken cancellationToken)
    {
        // The first thing anybody asks of the log: a refusal ends here, and does not become retries without end.
        (await ConnectionProbe.ConnectAsync(_log.Options, _log.Options.RequestTimeout, cancellationToken)).Dispose();
        var missing = new List<TopicSpec>();
        foreach (var spec in topics)
        {
            if (await FindPartitionsAsync(spec.Name, cancellationToken) is { } partitions)
            {
                Check(spec, partitions);
            }
            else
            {
                missing.Add(spec);
            }
        }

        if (missing.Count == 0)
        {
            return;
        }

        var created = await RetryAsync("creating topics", () => CreateAsync(missing, cancellationToken), cancellationToken);
        foreach (var spec in missing)
        {
            _log.Topics.Learn(spec.Name, created[spec.Name]);
            Check(spec, created[spec.Name]);
        }
    }

    public async Task<int> QueryPartitionCountAsync(string topic, CancellationToken cancellationToken) =>
        _log.Topics.PartitionsOf(topic)
        ?? await FindNewPartitionsAsync(topic, cancellationToken)
        ?? throw new RecordLogException(
            RecordLogError.UnknownTopic,
            $"There is no topic '{topic}' on the cluster: create what is declared with 'telemetry topics apply', or start a role, which does it too.");

    public async Task<OffsetRange> QueryOffsetsAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        await DemandAsync(partition, cancellationToken);
        var low = ListAsync([partition], OffsetLister.Earliest, IsolationLevel.ReadUncommitted, cancellationToken);
        var high = ListAsync([partition], OffsetLister.Latest, IsolationLevel.ReadUncommitted, cancellationToken);
        return new OffsetRange((await low)[partition], (await high)[partition]);
    }

    /// <summary>Offsets as <see cref="OffsetLister.ListAsync"/>, through the loss of brokers.</summary>
    public Task<Dictionary<TopicPartition, long>> ListAsync(
        IReadOnlyCollection<TopicPartition> partitions, long time, IsolationLevel isolation, CancellationToken cancellationToken) => RetryAsync(
        $"asking for offsets of {string.Join(", ", partitions.Take(3))}",
        () => _offsets.ListAsync(partitions, time, isolation, TryTimeout),
        cancellationToken);

    public ValueTask DisposeAsync() => _offsets.DisposeAsync();

    /// <summary>Throws when the partition does not exist.</summary>
    public async Task DemandAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        var partitions = await QueryPartitionCountAsync(partition.Topic, cancellationToken);
        if ((uint)partition.Partition >= (uint)partitions)
        {
            throw new RecordLogException(
                RecordLogError.UnknownTopic,
                $"Topic '{partition.Topic}' has {partitions} partitions; there is no partition {partition.Partition}.");
        }
    }

    private async Task<IReadOnlyDictionary<string, int>> CreateAsync(IReadOnlyList<TopicSpec> specs, CancellationToken cancellationToken)
    {
        var cluster = await Client.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = TryTimeout });
        return await new TopicCreation(Client, TryTimeout, _log.Time).CreateAsync(
            KafkaTopicSpecs.Complete(specs, _log.Options), cluster.Nodes.Count, _log.Options.RequestTimeout, cancellationToken);
    }

    private static void Check(TopicSpec spec, int partitions)
    {
        if (partitions != spec.Partitions)
        {
            throw new RecordLogException(
                RecordLogError.TopicMismatch,
                $"Topic '{spec.Name}' has {partitions} partitions, not {spec.Partitions}. Partitions never change: use another name.");
        }
    }

    /// <summary>Each broker learns of a new topic in its own time, so one denial is not believed.</summary>
    private async Task<int?> FindNewPartitionsAsync(string topic, CancellationToken cancellationToken)
    {
        var started = _log.Time.GetTimestamp();
        while (true)
        {
            if (await FindPartitionsAsync(topic, cancellationToken) is { } partitions)
            {
                return partitions;
            }

            if (_log.Time.GetElapsedTime(started) > NewTopicDelay)
            {
                return null;
            }

            await Task.Delay(RetryDelay, _log.Time, cancellationToken);
        }
    }

    private Task<int?> FindPartitionsAsync(string topic, CancellationToken cancellationToken) => RetryAsync<int?>(
        $"describing topic '{topic}'",
        async () =>
        {
            try
            {
                var described = await Client.DescribeTopicsAsync(
                    TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions { RequestTimeout = TryTimeout });
                var partitions = described.TopicDescriptions[0].Partitions;
                if (partitions.Any(p => p.Leader is null || p.Leader.Id < 0))
                {
                    throw new RecordLogException(RecordLogError.Unavailable, $"A partition of topic '{topic}' has no leader.");
                }

                _log.Topics.Learn(topic, partitions.Count);
                return partitions.Count;
            }
            catch (DescribeTopicsException error) when (
                error.Results.TopicDescriptions.All(d => d.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.TopicException))
            {
                return null;
            }
        },
        cancellationToken);

    /// <summary>Until it succeeds, fails for good, or the time is over.</summary>
    private async Task<T> RetryAsync<T>(string doing, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        var started = _log.Time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RecordLogException failure;
            try
            {
                return await call().WaitAsync(cancellationToken);
            }
            catch (KafkaException error)
            {
                failure = AdminErrors.Explain(error, doing);
                if (error.Error.Code == ErrorCode.Local_TimedOut)
                {
                    await RefreshAsync();
                }
            }
            catch (RecordLogException error)
            {
                failure = error;
            }

            if (!failure.IsTransient || _log.Time.GetElapsedTime(started) > _log.Options.RequestTimeout)
            {
                throw failure;
            }

            await Task.Delay(RetryDelay, _log.Time, cancellationToken);
        }
    }

    /// <summary>
    /// The client waits for the controller it was told of once, even when that broker has died; this has it learn of another.
    /// </summary>
    private async Task RefreshAsync()
    {
        try
        {
            await BlockingCall.RunAsync(() => Client.GetMetadata(TryTimeout));
        }
        catch (KafkaException error)
        {
            _log.Logger.ClientError(error.Error.Code, error.Error.Reason);
        }
    }
}
