using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Native;

namespace Telemetry.Streams.Kafka.Admin;

/// <summary>
/// Reads what groups have committed, with metadata, and stable: a commit that is part of an open transaction is waited for.
/// One client for each group asked about; it never joins.
/// </summary>
internal sealed class GroupOffsetsQuery(KafkaContext log) : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, IConsumer<byte[]?, byte[]?>> _clients = [];

    public async Task<IReadOnlyDictionary<TopicPartition, CommittedOffset>> QueryAsync(
        string group, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        if (partitions.Count == 0)
        {
            return new Dictionary<TopicPartition, CommittedOffset>();
        }

        // A dead process's transaction hides its commit until the coordinator has ended it.
        var patience = log.Options.TransactionTimeout + log.Options.RequestTimeout;
        var started = log.Time.GetTimestamp();
        var client = Client(group);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (error, offsets) = await BlockingCall.RunAsync(() =>
            {
                var code = NativeCalls.Committed(client, partitions, log.Options.RequestTimeout, out var found);
                return (code, found);
            });
            if (error is ErrorCode.NoError or ErrorCode.GroupIdNotFound)
            {
                return offsets;
            }

            // A partition that does not exist has no commit; the others are asked for without it.
            if (error is ErrorCode.UnknownTopicOrPart)
            {
                return offsets;
            }

            if (!error.IsTransient() || log.Time.GetElapsedTime(started) > patience)
            {
                throw new Error(error).ToException($"Could not read the committed offsets of group '{group}'");
            }

            await Task.Delay(RetryDelay, log.Time, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<IConsumer<byte[]?, byte[]?>> clients;
        lock (_gate)
        {
            clients = [.. _clients.Values];
            _clients.Clear();
        }

        await BlockingCall.RunAsync(() => clients.ForEach(static client => client.Dispose()));
    }

    private IConsumer<byte[]?, byte[]?> Client(string group)
    {
        lock (_gate)
        {
            if (!_clients.TryGetValue(group, out var client))
            {
                client = KafkaClients.Make("consumer", () => new ConsumerBuilder<byte[]?, byte[]?>(
                        KafkaClientConfig.Consumer(log.Options, new ConsumerOptions { Group = group }, classic: true))
                    .SetLogHandler((_, message) => log.Logger.Client(message))
                    .SetErrorHandler((_, error) => log.Logger.ClientError(error.Code, error.Reason))
                    .Build());
                _clients.Add(group, client);
            }

            return client;
        }
    }
}
