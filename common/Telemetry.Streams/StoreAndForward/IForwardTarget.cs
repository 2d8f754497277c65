namespace Telemetry.Streams.StoreAndForward;

/// <summary>Where records are forwarded to.</summary>
public interface IForwardTarget
{
    /// <summary>For messages, for example "Kafka at host:9092".</summary>
    string Name { get; }

    /// <summary>
    /// Reaches it. The producer keeps the order of what is appended, and answers with an error only what must be sent again; after one error it
    /// is disposed of and another one opened.
    /// </summary>
    /// <exception cref="Exception">It cannot be reached; it is tried again after a pause.</exception>
    ValueTask<IRecordProducer> OpenAsync(CancellationToken cancellationToken);
}

/// <summary>A log as the target.</summary>
/// <param name="log">The log.</param>
/// <param name="name">For messages.</param>
/// <param name="topics">Topics made, where they are missing, before anything is sent.</param>
/// <param name="inFlightBytesMax">Bytes sent and not yet acknowledged.</param>
public sealed class LogForwardTarget(IRecordLog log, string name, IReadOnlyList<TopicSpec> topics, long inFlightBytesMax) : IForwardTarget
{
    private bool _hasTopics;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public async ValueTask<IRecordProducer> OpenAsync(CancellationToken cancellationToken)
    {
        if (!_hasTopics)
        {
            await log.EnsureTopicsAsync(topics, cancellationToken);
            _hasTopics = true;
        }

        // A record that was given up and sent again would come behind those after it: what is sent waits as long as it takes.
        return log.CreateProducer(new ProducerOptions { InFlightBytesMax = inFlightBytesMax, DeliveryTimeout = TimeSpan.Zero });
    }
}
