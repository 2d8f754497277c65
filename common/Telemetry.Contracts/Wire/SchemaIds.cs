namespace Telemetry.Contracts.Wire;

/// <summary>
/// Schema ids in the Confluent header when no schema registry is configured. They are part of the released format of a
/// log without a registry: an id is given once and never to another schema. With a registry, its ids take their place.
/// </summary>
public static class SchemaIds
{
    /// <summary><c>telemetry/v1/readings.proto</c>, first message <c>ReadingBatch</c>.</summary>
    public const int ReadingBatch = 1;

    /// <summary><c>telemetry/v1/anomalies.proto</c>, first message <c>Anomaly</c>.</summary>
    public const int Anomaly = 2;

    /// <summary><c>telemetry/v1/dead_letters.proto</c>, first message <c>DeadLetter</c>.</summary>
    public const int DeadLetter = 3;

    /// <summary><c>telemetry/v1/device_events.proto</c>, first message <c>DeviceEvent</c>.</summary>
    public const int DeviceEvent = 4;

    /// <summary><c>telemetry/v1/commands.proto</c>, first message <c>DeviceCommand</c>.</summary>
    public const int DeviceCommand = 5;

    /// <summary><c>telemetry/v1/command_results.proto</c>, first message <c>CommandResult</c>.</summary>
    public const int CommandResult = 6;
}
