using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Security;
using Telemetry.Streams.Kafka.Topics;

namespace Telemetry.Streams.Kafka.Admin;

/// <summary>Questions to the cluster about topics and offsets, and creating topics.</summary>
internal sealed class KafkaAdmin
{
    /// <summary>Tries of what may hang on one lost broker.</summary>
    private const int TriesMin = 3;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a broker may deny a topic that the controller has created already.</summary>
    private static readonly TimeSpan NewTopicDelay = TimeSpan.FromSeconds(2);

    private readonly KafkaContext _log;

    public KafkaAdmin(KafkaContext log) => _log = log;

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
        var low = ListAsync([partition], OffsetSpec.Earliest(), IsolationLevel.ReadUncommitted, cancellationToken);
        var high = ListAsync([partition], OffsetSpec.Latest(), IsolationLevel.ReadUncommitted, cancellationToken);
        return new OffsetRange((await low)[partition], (await high)[partition]);
    }

    /// <summary>Offsets a spec stands for; -1 where there is none.</summary>
    public Task<Dictionary<TopicPartition, long>> ListAsync(
        IReadOnlyCollection<TopicPartition> partitions, OffsetSpec spec, IsolationLevel isolation, CancellationToken cancellationToken)
    {
        var started = _log.Time.GetTimestamp();
        return RetryAsync(
            $"asking for offsets of {string.Join(", ", partitions.Take(3))}",
            async () =>
            {
                // librdkafka 2.15 reports a partition whose leader did not answer as a success without an offset (-1001, and sometimes -1
                // among several leaders; asked for a time, -1 means that there is none). Taken for an offset, it would end a restore
                // before its first record, and whoever waits for "all read" would be done at once.
                var least = spec is OffsetSpec.TimestampSpec ? -1 : 0;
                var lastResort = _log.Time.GetElapsedTime(started) >= _log.Options.RequestTimeout / 2;
                var offsets = await ListOnceAsync(partitions, spec, isolation, lastResort);
                foreach (var partition in partitions.Where(p => offsets.GetValueOrDefault(p, Offset.Unset.Value) < least))
                {
                    offsets[partition] = (await ListOnceAsync([partition], spec, isolation, lastResort)).GetValueOrDefault(partition, Offset.Unset.Value);
                    if (offsets[partition] < least)
                    {
                        throw new RecordLogException(
                            RecordLogError.TimedOut, $"Could not ask for offsets: the leader of {partition} did not answer.");
                    }
                }

                return offsets;
            },
            cancellationToken);
    }

    private async Task<Dictionary<TopicPartition, long>> ListOnceAsync(
        IReadOnlyCollection<TopicPartition> partitions, OffsetSpec spec, IsolationLevel isolation, bool lastResort)
    {
        try
        {
            return await ListOnceAsync(Client, partitions, spec, isolation);
        }
        catch (ListOffsetsException error) when (error.Result.ResultInfos.Any(HasOldLeaderEpoch))
        {
            if (lastResort)
            {
                return await ListFreshAsync(partitions, spec, isolation);
            }

            await LearnLeadersAsync(partitions);
            throw;
        }
        catch (KafkaException error) when (error.Error.Code == ErrorCode.Local_NoEnt)
        {
            await LearnLeadersAsync(partitions);
            throw new RecordLogException(RecordLogError.Unavailable, "Could not ask for offsets: no leader is known.", error);
        }
    }

    /// <summary>
    /// A leader was lost and is back, or an election was seen half done, and the client goes on naming the old epoch although it was made to
    /// read its metadata again. A new client knows nothing old. The last resort only: librdkafka does not take it well when a client is
    /// closed that has just asked, so it is closed later.
    /// </summary>
    private async Task<Dictionary<TopicPartition, long>> ListFreshAsync(
        IReadOnlyCollection<TopicPartition> partitions, OffsetSpec spec, IsolationLevel isolation)
    {
        var fresh = await BlockingCall.RunAsync(_log.MakeAdminClient);
        try
        {
            return await ListOnceAsync(fresh, partitions, spec, isolation);
        }
        finally
        {
            _ = CloseLaterAsync(fresh);
        }
    }

    private async Task CloseLaterAsync(IAdminClient client)
    {
        await Task.Delay(_log.Options.RequestTimeout * 2, _log.Time);
        await BlockingCall.RunAsync(client.Dispose);
    }

    private async Task<Dictionary<TopicPartition, long>> ListOnceAsync(
        IAdminClient client, IReadOnlyCollection<TopicPartition> partitions, OffsetSpec spec, IsolationLevel isolation)
    {
        var result = await client.ListOffsetsAsync(
            partitions.Select(p => new TopicPartitionOffsetSpec
            {
                TopicPartition = new Confluent.Kafka.TopicPartition(p.Topic, p.Partition),
                OffsetSpec = spec,
            }),
            new ListOffsetsOptions { IsolationLevel = isolation, RequestTimeout = TryTimeout });
        return result.ResultInfos.ToDictionary(
            info => new TopicPartition(info.TopicPartitionOffsetError.Topic, info.TopicPartitionOffsetError.Partition.Value),
            info => info.TopicPartitionOffsetError.Offset.Value);
    }

    /// <summary>librdkafka forgets what it knows of the leaders after NotLeaderForPartition only, so it is told to ask again.</summary>
    private async Task LearnLeadersAsync(IReadOnlyCollection<TopicPartition> partitions)
    {
        foreach (var topic in partitions.Select(p => p.Topic).Distinct())
        {
            await BlockingCall.RunAsync(() => Client.GetMetadata(topic, _log.Options.RequestTimeout));
        }
    }

    private static bool HasOldLeaderEpoch(ListOffsetsResultInfo info) =>
        info.TopicPartitionOffsetError.Error.Code is ErrorCode.FencedLeaderEpoch or ErrorCode.UnknownLeaderEpoch;

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
