using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>
/// Notices that the client has stopped reading a partition it still has, without an error: seen with librdkafka 2.16 when brokers fail while
/// a group shares its partitions out anew. The partition is taken from the client and given to it again at the offset it stands at, so
/// nothing is read twice or left out. What the cluster does not answer is not known, and then nothing is done.
/// </summary>
internal sealed class FetchWatch : IAsyncDisposable
{
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(5);

    private readonly KafkaContext _log;
    private readonly string? _group;
    private readonly KafkaCursors _cursors;
    private readonly Func<long> _polls;
    private readonly Func<TopicPartition, TimeSpan, long> _end;
    private readonly FetchComparison _comparison = new();
    private readonly PeriodicLook _looks;

    /// <param name="log">The cluster, and how often is looked.</param>
    /// <param name="group">The consumer's group, if any; for messages.</param>
    /// <param name="cursors">Where the consumer stands.</param>
    /// <param name="polls">Polls served so far; from any thread.</param>
    /// <param name="end">Asks the cluster for the end of a partition as this consumer may see it; blocks, from any thread.</param>
    public FetchWatch(KafkaContext log, string? group, KafkaCursors cursors, Func<long> polls, Func<TopicPartition, TimeSpan, long> end)
    {
        (_log, _group, _cursors, _polls, _end) = (log, group, cursors, polls, end);
        _looks = new PeriodicLook(log.Options.FetchCheckInterval, log.Time, LookAsync);
    }

    public ValueTask DisposeAsync() => _looks.DisposeAsync();

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var (reading, polls) = (_cursors.Reading(), _polls());
        var ends = new Dictionary<TopicPartition, long>();
        foreach (var id in _comparison.Standing(reading, polls))
        {
            if (await AskAsync(id, cancellationToken) is { } end)
            {
                ends.Add(id, end);
            }
        }

        foreach (var id in _comparison.Look(reading, polls, ends))
        {
            if (_cursors.GiveAgain(id, reading[id]))
            {
                _log.Metrics.Refetched(_group);
                _log.Logger.FetchStopped(id, _group, reading[id], ends[id]);
            }
        }
    }

    private async Task<long?> AskAsync(TopicPartition id, CancellationToken cancellationToken)
    {
        try
        {
            return await BlockingCall.RunAsync(() => _end(id, AskTimeout)).WaitAsync(cancellationToken);
        }
        catch (Exception error) when (error is KafkaException or ObjectDisposedException)
        {
            // No answer, or the client has just been replaced by one of the classic protocol.
            return null;
        }
    }
}
