namespace Telemetry.Chaos.Schedules;

/// <summary>Every kind of fault, in a fixed order: schedules are drawn from it, so the order is part of what a seed means.</summary>
internal static class FaultCatalogue
{
    /// <summary>Beyond the session timeouts that the roles are started with, so that the group goes on without the paused one.</summary>
    private const double PauseMin = 8;
    private const double PauseMax = 11;

    public static IReadOnlyList<FaultKind> All { get; } =
    [
        new("kill-edge", FaultAction.Kill, TargetKind.Edge, 0.2, 4),
        new("kill-process", FaultAction.Kill, TargetKind.Process, 0.2, 8),
        new("kill-store", FaultAction.Kill, TargetKind.Store, 0.2, 8),
        new("kill-clickhouse", FaultAction.Kill, TargetKind.ClickHouse, 0.2, 8),
        new("kill-query", FaultAction.Kill, TargetKind.Query, 0.2, 4),
        new("kill-broker", FaultAction.Kill, TargetKind.Broker, 0.5, 10),
        new("kill-controller", FaultAction.Kill, TargetKind.Controller, 0.5, 10),
        new("kill-registry", FaultAction.Kill, TargetKind.Registry, 1, 10),
        new("pause-edge", FaultAction.Pause, TargetKind.Edge, PauseMin, PauseMax),
        new("pause-process", FaultAction.Pause, TargetKind.Process, PauseMin, PauseMax),
        new("pause-store", FaultAction.Pause, TargetKind.Store, PauseMin, PauseMax),
        new("pause-clickhouse", FaultAction.Pause, TargetKind.ClickHouse, PauseMin, PauseMax),
        new("pause-broker", FaultAction.Pause, TargetKind.Broker, PauseMin, PauseMax),
        new("pause-registry", FaultAction.Pause, TargetKind.Registry, PauseMin, PauseMax),
        new("stop-edge", FaultAction.Stop, TargetKind.Edge, 0.2, 4),
        new("stop-process", FaultAction.Stop, TargetKind.Process, 0.2, 6),
        new("stop-store", FaultAction.Stop, TargetKind.Store, 0.2, 6),
        new("stop-broker", FaultAction.Stop, TargetKind.Broker, 0.5, 8),
        new("churn-store", FaultAction.Churn, TargetKind.Store, 9, 14),
        new("churn-process", FaultAction.Churn, TargetKind.Process, 9, 14),
        new("fill-clickhouse", FaultAction.Fill, TargetKind.ClickHouse, 4, 9),
        new("fill-broker", FaultAction.Fill, TargetKind.Broker, 4, 9),
        new("delay-mqtt", FaultAction.Delay, TargetKind.MqttLink, 4, 12),
        new("drop-mqtt", FaultAction.Drop, TargetKind.MqttLink, 2, 8),
        new("hold-mqtt", FaultAction.Hold, TargetKind.MqttLink, 2, 8),
        new("reset-mqtt", FaultAction.Reset, TargetKind.MqttLink, 2, 6),
        new("refuse-mqtt", FaultAction.Refuse, TargetKind.MqttLink, 2, 6),
        new("throttle-mqtt", FaultAction.Throttle, TargetKind.MqttLink, 4, 12),
        new("delay-clickhouse", FaultAction.Delay, TargetKind.ClickHouseLink, 4, 12),
        new("drop-clickhouse", FaultAction.Drop, TargetKind.ClickHouseLink, 3, 10),
        new("hold-clickhouse", FaultAction.Hold, TargetKind.ClickHouseLink, 3, 10),
        new("reset-clickhouse", FaultAction.Reset, TargetKind.ClickHouseLink, 3, 8),
        new("refuse-clickhouse", FaultAction.Refuse, TargetKind.ClickHouseLink, 3, 10),
        new("throttle-clickhouse", FaultAction.Throttle, TargetKind.ClickHouseLink, 4, 12),
        new("delay-kafka", FaultAction.Delay, TargetKind.KafkaLink, 4, 12),
        new("drop-kafka", FaultAction.Drop, TargetKind.KafkaLink, 3, 10),
        new("hold-kafka", FaultAction.Hold, TargetKind.KafkaLink, 3, 10),
        new("reset-kafka", FaultAction.Reset, TargetKind.KafkaLink, 3, 8),
        new("refuse-kafka", FaultAction.Refuse, TargetKind.KafkaLink, 3, 10),
        new("drop-registry", FaultAction.Drop, TargetKind.RegistryLink, 3, 10),
        new("refuse-registry", FaultAction.Refuse, TargetKind.RegistryLink, 3, 10),
    ];

    /// <summary>The kinds of a comma-separated list; a name without its target, such as <c>kill</c>, stands for all of that action.</summary>
    /// <exception cref="FormatException">A name that is none; the message lists those there are.</exception>
    public static IReadOnlyList<FaultKind> Select(string? only)
    {
        if (string.IsNullOrWhiteSpace(only))
        {
            return All;
        }

        var names = only.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var name in names.Where(n => !All.Any(k => Matches(k, n))))
        {
            throw new FormatException($"--only {name}: no such fault. There are: {string.Join(", ", All.Select(k => k.Name))}.");
        }

        return [.. All.Where(k => names.Any(n => Matches(k, n)))];
    }

    private static bool Matches(FaultKind kind, string name) =>
        kind.Name == name || kind.Name.StartsWith(name + "-", StringComparison.Ordinal);
}
