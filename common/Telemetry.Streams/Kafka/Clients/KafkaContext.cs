using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Telemetry.Streams.Kafka.Clients;

/// <summary>What the clients of one open log share: its settings, what is known of the cluster, its figures, and whether it still works.</summary>
internal sealed class KafkaContext : IDisposable
{
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _closed;

    public KafkaContext(KafkaOptions options, ILogger logger, TimeProvider time)
    {
        (Options, Logger, Time) = (options, logger, time);
        UsesClassicGroups = options.GroupProtocol == KafkaGroupProtocol.Classic;
        Metrics = new KafkaMetrics(() => Topics.All);
        AdminClient = KafkaClients.Make("admin client", () => new AdminClientBuilder(KafkaClientConfig.Base(Options))
            .SetLogHandler((_, message) => Logger.Client(message))
            .SetErrorHandler((_, error) => Logger.ClientError(error.Code, error.Reason))
            .Build());
    }

    public KafkaOptions Options { get; }

    public ILogger Logger { get; }

    public TimeProvider Time { get; }

    public KafkaMetrics Metrics { get; }

    public KafkaTopicTable Topics { get; } = new();

    /// <summary>Asks and changes the cluster.</summary>
    public IAdminClient AdminClient { get; }

    /// <summary>True: the classic group protocol, by option or because the cluster knows no other.</summary>
    public bool UsesClassicGroups { get; set; }

    /// <summary>Completes with the cause when a client has failed for good.</summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>A client cannot go on.</summary>
    public void Fail(Error error)
    {
        if (_failed.TrySetResult(error.ToException("The Kafka producer has failed for good")))
        {
            Logger.KafkaFailed(error.Reason, error.Code);
        }
    }

    /// <summary>Nothing new is begun from now on.</summary>
    /// <returns>False: it was closed before.</returns>
    public bool Close()
    {
        var first = !_closed;
        _closed = true;
        return first;
    }

    public void ThrowIfUnusable()
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

    /// <summary>Blocks for as long as librdkafka takes to end its threads.</summary>
    public void Dispose()
    {
        AdminClient.Dispose();
        Metrics.Dispose();
    }
}
