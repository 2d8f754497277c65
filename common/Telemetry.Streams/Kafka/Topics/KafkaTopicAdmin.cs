using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Security;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>A cluster's topics beside what is declared: look, compare, apply.</summary>
public sealed class KafkaTopicAdmin : IDisposable
{
    private readonly IAdminClient _admin;
    private readonly KafkaOptions _options;

    private KafkaTopicAdmin(IAdminClient admin, KafkaOptions options) => (_admin, _options) = (admin, options);

    /// <summary>Connects, or says in one sentence why not.</summary>
    /// <exception cref="RecordLogException">The cluster cannot be reached, or does not accept us.</exception>
    public static async Task<KafkaTopicAdmin> ConnectAsync(KafkaOptions options, CancellationToken cancellationToken) =>
        new(await ConnectionProbe.ConnectAsync(options, options.RequestTimeout, cancellationToken), options);

    /// <summary>Compares the cluster with what is declared.</summary>
    /// <exception cref="RecordLogException">The cluster did not answer, or has too few brokers for what is declared.</exception>
    public Task<TopicReport> CompareAsync(IEnumerable<TopicSpec> declared, CancellationToken cancellationToken) =>
        new TopicInspector(_admin, _options.RequestTimeout).CompareAsync(KafkaTopicSpecs.Complete(declared, _options), cancellationToken);

    /// <summary>Creates and alters what a comparison says applying mends; compare again to see what is left.</summary>
    /// <exception cref="RecordLogException">The cluster refused; what was done before stays done.</exception>
    public Task ApplyAsync(TopicReport report, IEnumerable<TopicSpec> declared, CancellationToken cancellationToken) =>
        new TopicApplier(_admin, _options.RequestTimeout).ApplyAsync(
            report, KafkaTopicSpecs.Complete(declared, _options), cancellationToken);

    public void Dispose() => _admin.Dispose();
}
