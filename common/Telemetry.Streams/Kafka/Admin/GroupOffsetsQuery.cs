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

    private readonly QuestionClients<string> _clients = new(log, group => new ConsumerOptions { Group = group });

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
        var client = _clients[group];
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

    public ValueTask DisposeAsync() => _clients.DisposeAsync();
}
