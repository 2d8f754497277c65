using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>Creates topics as declared, and waits until they can be used.</summary>
/// <param name="admin">Connection to the cluster.</param>
/// <param name="timeout">Longest wait for one answer.</param>
/// <param name="time">The clock of the wait.</param>
internal sealed class TopicCreation(IAdminClient admin, TimeSpan timeout, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    /// <summary>Creates the topics; one that somebody else has created meanwhile is as good.</summary>
    /// <param name="specs">Topics, completed by <see cref="KafkaTopicSpecs"/>.</param>
    /// <param name="brokers">Brokers of the cluster.</param>
    /// <param name="patience">How long brokers may take to learn of them and to find leaders.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Partitions of each, as a broker that knows them says.</returns>
    /// <exception cref="RecordLogException">The cluster refused one, others may be there; or they were not there in time.</exception>
    public async Task<IReadOnlyDictionary<string, int>> CreateAsync(
        IReadOnlyList<TopicSpec> specs, int brokers, TimeSpan patience, CancellationToken cancellationToken)
    {
        await RequestAsync(specs, brokers).WaitAsync(cancellationToken);
        return await WaitAsync([.. specs.Select(s => s.Name)], patience, cancellationToken);
    }

    /// <summary>
    /// The controller answers first; brokers learn of a new topic a moment later and deny until then that it is there, and its
    /// partitions have no leaders yet.
    /// </summary>
    private async Task<IReadOnlyDictionary<string, int>> WaitAsync(
        IReadOnlyList<string> names, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            Exception? failure = null;
            string? missing = null;
            try
            {
                var there = await LedAsync(names, cancellationToken);
                missing = names.FirstOrDefault(n => !there.ContainsKey(n));
                if (missing is null)
                {
                    return there;
                }
            }
            catch (RecordLogException error) when (error.IsTransient)
            {
                failure = error;
            }

            if (time.GetElapsedTime(started) > patience)
            {
                throw new RecordLogException(
                    RecordLogError.Unavailable,
                    $"Topic '{missing ?? names[0]}' was created, but no broker leads it after {patience.TotalSeconds} s; run 'telemetry topics check' again later.",
                    failure);
            }

            await Task.Delay(LookAgain, time, cancellationToken);
        }
    }

    /// <summary>Those that have a leader for each partition, with the number of partitions.</summary>
    private async Task<IReadOnlyDictionary<string, int>> LedAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) =>
        (await new TopicInspector(admin, timeout).DescribePlacesAsync(names, cancellationToken))
            .Where(static t => t.Partitions.All(static p => p.Leader is { Id: >= 0 }))
            .ToDictionary(static t => t.Name, static t => t.Partitions.Count);

    private async Task RequestAsync(IReadOnlyList<TopicSpec> specs, int brokers)
    {
        var topics = specs.Select(s => Specification(s, Replication.Of(s, brokers))).ToList();
        try
        {
            await admin.CreateTopicsAsync(topics, new CreateTopicsOptions { RequestTimeout = timeout, OperationTimeout = timeout });
        }
        catch (CreateTopicsException error)
        {
            // Another process may have been quicker; whether it made the same is checked afterwards.
            var failed = error.Results.FirstOrDefault(r => r.Error.IsError && r.Error.Code != ErrorCode.TopicAlreadyExists);
            if (failed is not null)
            {
                var failure = failed.Error.Code.ToLogError();
                throw new RecordLogException(
                    failure == RecordLogError.Unknown ? RecordLogError.TopicMismatch : failure,
                    $"Topic '{failed.Topic}' cannot be created: {failed.Error.Reason} ({failed.Error.Code}).", error);
            }
        }
    }

    private static TopicSpecification Specification(TopicSpec spec, Replication replication) => new()
    {
        Name = spec.Name,
        NumPartitions = spec.Partitions,
        ReplicationFactor = checked((short)replication.Factor),
        Configs = TopicConfigs.Of(spec, replication.MinInSync).ToDictionary(),
    };
}
