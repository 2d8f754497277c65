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

    /// <summary><c>telemetry/v1/catalogue.proto</c>, first message <c>CatalogueEntry</c>.</summary>
    public const int CatalogueEntry = 7;

    /// <summary><c>telemetry/v1/incidents.proto</c>, first message <c>Incident</c>.</summary>
    public const int Incident = 8;

    /// <summary><c>telemetry/v1/alarms.proto</c>, first message <c>AlarmChange</c>.</summary>
    public const int AlarmChange = 9;

    /// <summary><c>telemetry/v2/readings.proto</c>, first message <c>ReadingBatch</c>.</summary>
    public const int ReadingBatchV2 = 101;

    private const int ProvisionalBase = 0x7FFF_0000;

    /// <summary>
    /// The id written while a registry is configured but its ids could not be had: at the upper end of the range, where no
    /// registry hands out ids, so that a foreign reader gets "no such schema" and never another schema by chance.
    /// </summary>
    /// <param name="releasedId">One of the ids above.</param>
    public static int Provisional(int releasedId) => ProvisionalBase + releasedId;

    /// <summary>The released id behind a provisional one; any other id as it is.</summary>
    public static int Released(int id) => id > ProvisionalBase ? id - ProvisionalBase : id;
}
