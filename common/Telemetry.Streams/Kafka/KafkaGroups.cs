using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka;

/// <summary>Consumer groups as the cluster sees them.</summary>
public static class KafkaGroups
{
    /// <summary>Those of <paramref name="groups"/> that have members now, or had until a session timeout ago.</summary>
    /// <exception cref="RecordLogException">The cluster does not answer.</exception>
    public static async Task<IReadOnlyList<string>> QueryActiveAsync(
        KafkaOptions options, IReadOnlyList<string> groups, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var admin = KafkaClients.Make(
            "admin client", () => new AdminClientBuilder(KafkaClientConfig.Base(options)).SetLogHandler(static (_, _) => { }).Build());
        try
        {
            var found = await admin.ListConsumerGroupsAsync(new ListConsumerGroupsOptions { RequestTimeout = options.RequestTimeout });
            return
            [
                .. found.Valid
                    .Where(g => groups.Contains(g.GroupId) && g.State is not (ConsumerGroupState.Empty or ConsumerGroupState.Dead))
                    .Select(g => g.GroupId),
            ];
        }
        catch (KafkaException e)
        {
            throw e.ToException($"Listing the groups at {options.BootstrapServers}");
        }
    }
}
