using Telemetry.Contracts;

namespace Telemetry.Storage.Sink;

/// <summary>Consumer groups of storage: one for each table fed from a topic of its own.</summary>
public static class SinkGroups
{
    /// <summary>Groups and the topics they read.</summary>
    public static IReadOnlyList<(string Group, string Topic)> Of(SinkOptions options) =>
    [
        (options.Group, KafkaTopics.Readings),
        (Of(options, EventTables.Anomalies), EventTables.Anomalies.Topic),
        (Of(options, EventTables.DeviceEvents), EventTables.DeviceEvents.Topic),
    ];

    internal static string Of(SinkOptions options, EventTable table) => $"{options.Group}-{table.Table}";
}
