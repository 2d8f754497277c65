using System.Globalization;

namespace Telemetry.Chaos.Schedules;

/// <summary>How many of each there are.</summary>
internal sealed record ClusterShape(int Edges, int Processes, int Stores, int Brokers)
{
    public IReadOnlyList<string> EdgeNames { get; } = Names("edge", Edges);

    public IReadOnlyList<string> ProcessNames { get; } = Names("process", Processes);

    public IReadOnlyList<string> StoreNames { get; } = Names("store", Stores);

    public IReadOnlyList<string> BrokerNames { get; } = Names("broker", Brokers);

    /// <summary>What a kind of fault can hit.</summary>
    public IReadOnlyList<string> Targets(TargetKind kind) => kind switch
    {
        TargetKind.Edge => EdgeNames,
        TargetKind.Process => ProcessNames,
        TargetKind.Store => StoreNames,
        TargetKind.ClickHouse => [ClusterNames.ClickHouse],
        TargetKind.Query => [ClusterNames.Query],
        TargetKind.Broker => BrokerNames,
        TargetKind.Controller => [ClusterNames.Controller],
        TargetKind.Registry => [ClusterNames.Registry],
        TargetKind.MqttLink => [ClusterNames.MqttLink],
        TargetKind.ClickHouseLink => [.. StoreNames.Select(ClusterNames.ClickHouseLink), ClusterNames.ClickHouseLinks],
        TargetKind.KafkaLink => [.. BrokerNames.Select(ClusterNames.KafkaLink)],
        TargetKind.RegistryLink => [ClusterNames.RegistryLink],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static string[] Names(string name, int count) =>
        [.. Enumerable.Range(1, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{name}-{i}"))];
}
