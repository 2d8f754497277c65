namespace Telemetry.Chaos.Cluster;

/// <summary>Settings given to every role, so that what takes a minute in production takes seconds here.</summary>
internal static class ClusterSettings
{
    /// <summary>What each role is started with, as <c>Section:Name=value</c>.</summary>
    /// <param name="group">Ending of the consumer groups: each schedule has its own.</param>
    public static IReadOnlyList<string> Roles(string group) =>
    [
        // Shorter than the shortest pause, so that the group and the coordinator go on without the paused one.
        "Kafka:SessionTimeout=00:00:06",
        "Kafka:TransactionTimeout=00:00:08",
        "Kafka:RequestTimeout=00:00:05",
        "Sink:Group=telemetry-storage-" + group,
        "Processing:Group=" + ProcessingGroup(group),
        "Sink:RollupInterval=00:00:02",
        "Sink:RetryMax=00:00:02",
        "Sink:DrainTimeout=00:00:10",

        // The disk is filled on purpose.
        "Sink:FreeDiskBytesMin=8000000",
        "Schema:FreeDiskBytesMin=4000000",
        "ClickHouse:ConnectTimeout=00:00:02",
        "ClickHouse:Timeout=00:00:10",
        "ShutdownTimeout=00:00:10",
    ];

    /// <summary>Consumer group of processing, by the ending.</summary>
    public static string ProcessingGroup(string group) => "telemetry-processing-" + group;

    /// <summary>A fleet that comes back quickly.</summary>
    public static IReadOnlyList<string> Fleet { get; } =
    [
        "Simulator:ReconnectDelayMax=00:00:02",
        "Simulator:DrainTimeout=00:00:30",
        "Simulator:FaultsPerDeviceDay=20000",
        "Simulator:DuplicateShare=0.01",
        "Simulator:OutOfOrderShare=0.1",
        "Simulator:QueueMax=256",
    ];
}
