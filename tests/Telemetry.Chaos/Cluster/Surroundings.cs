namespace Telemetry.Chaos.Cluster;

/// <summary>What the roles stand on and what outlives a schedule.</summary>
/// <param name="Bootstrap">Kafka, as clients reach it.</param>
/// <param name="Brokers">Its brokers when they are ours.</param>
/// <param name="Registry">A schema registry of ours.</param>
internal sealed record Surroundings(string Bootstrap, BrokerCluster? Brokers, SchemaRegistryNode? Registry)
{
    public async Task HealAsync(CancellationToken cancellationToken)
    {
        if (Brokers is not null)
        {
            await Brokers.HealAsync(cancellationToken);
        }

        if (Registry is not null)
        {
            await Registry.HealAsync(cancellationToken);
        }
    }
}
