using Telemetry.Chaos.Schedules;

namespace Telemetry.Chaos.Cluster;

/// <summary>What a cluster of roles is made of.</summary>
/// <param name="Host">The product's executable: <c>telemetry.dll</c>.</param>
/// <param name="Data">Folder of this schedule: data of the roles, ledger, logs.</param>
/// <param name="Bootstrap">Kafka, as clients reach it.</param>
/// <param name="Registry">Schema registry, as roles reach it; null: none.</param>
/// <param name="Shape">How many of each role.</param>
/// <param name="Seed">Of the fleet, and in the names of the consumer groups.</param>
/// <param name="Devices">Devices of the fleet.</param>
/// <param name="Rate">Readings of the whole fleet, as <c>--rate</c> takes it.</param>
/// <param name="SmallDisk">Asks for a file system that can be filled under ClickHouse.</param>
internal sealed record ClusterOptions(
    string Host, string Data, string Bootstrap, Uri? Registry, ClusterShape Shape, int Seed, int Devices, string Rate, bool SmallDisk);
