namespace Telemetry.Streams.Kafka.Topics;

/// <summary>What a cluster says of itself.</summary>
/// <param name="Id">The cluster's id.</param>
/// <param name="Brokers">Addresses of the brokers that are up, by node id.</param>
/// <param name="GroupProtocols">
/// Rebalance protocols its group coordinator speaks, for example <c>classic,consumer,streams</c>; null when it does not say
/// (before Kafka 3.7, or the user may not ask).
/// </param>
public sealed record ClusterDescription(string Id, IReadOnlyList<string> Brokers, string? GroupProtocols)
{
    /// <summary>True: groups of KIP-848 (rebalances without a stop). Null: not known.</summary>
    public bool? HasConsumerProtocol =>
        GroupProtocols?.Split(',', StringSplitOptions.TrimEntries).Contains("consumer", StringComparer.OrdinalIgnoreCase);
}
