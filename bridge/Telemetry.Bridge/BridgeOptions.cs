using System.ComponentModel.DataAnnotations;
using Telemetry.Contracts.Wire;

namespace Telemetry.Bridge;

/// <summary>What the bridge takes and what it refuses.</summary>
public sealed record BridgeOptions : IValidatableObject
{
    /// <summary>Topics of devices that cannot use ours, with the shapes of their payloads. Default none; the first that matches counts.</summary>
    public TopicPatternOptions[] Topics { get; init; } = [];

    /// <summary>
    /// True: a Protobuf batch that does not say its <c>count</c> is refused, because one that was cut off at the end of a column could
    /// not be told from a whole one. Default false: older devices do not send it.
    /// </summary>
    public bool RequireCount { get; init; }

    /// <summary>Oldest event time taken, before now. Default 2 years, the retention of raw readings.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan PastMax { get; init; } = TimeSpan.FromDays(730);

    /// <summary>Latest event time taken, after now: how far a device's clock may run ahead. Default 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan FutureMax { get; init; } = TimeSpan.FromDays(1);

    /// <summary>True: a publish over a connection without client certificate is refused. Default false.</summary>
    public bool RequireCertificate { get; init; }

    /// <summary>
    /// True (default): when there is a client certificate, the name in it must be the topic's device, unless an access rule that names the
    /// certificate or user allows the topic.
    /// </summary>
    public bool CertificateNamesDevice { get; init; } = true;

    /// <summary>
    /// True (default): when a user was authenticated, and no certificate names the device, its name must be the topic's device, unless an access rule
    /// that names the user allows the topic. False: user names name people or sites.
    /// </summary>
    public bool UserNameNamesDevice { get; init; } = true;

    /// <summary>True: a publish over a connection without an authenticated user is refused. Default false.</summary>
    public bool RequireUserName { get; init; }

    /// <summary>Largest JSON payload in bytes; larger ones are refused. Default 1 MiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int JsonBytesMax { get; init; } = 1024 * 1024;

    /// <summary>
    /// Most bytes of an original payload kept in its dead letter; the detail says when it was cut. Cut further where the log takes
    /// only smaller records. Default 900 KiB.
    /// </summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int DeadLetterPayloadBytesMax { get; init; } = 900 * 1024;

    /// <summary>
    /// Most JSON devices without ids of their own whose counters are remembered. A forgotten device starts a new boot;
    /// nothing is lost or merged by that. Default 100,000 (about 20 MB).
    /// </summary>
    [Range(2, 10_000_000)]
    public int AssignedIdDevicesMax { get; init; } = 100_000;

    /// <summary>
    /// Readings of a boot, the last ones, that the bridge remembers in order to tell a device at once that it gave one id to two readings.
    /// Whether they are stored is decided later, on the log, and does not depend on it. Default 1024; 0 tells nobody.
    /// </summary>
    [Range(0, 65_536)]
    public int RecentIdsPerBootMax { get; init; } = 1024;

    /// <summary>Devices whose last readings are remembered for that. Default 100,000.</summary>
    [Range(2, 10_000_000)]
    public int RecentIdDevicesMax { get; init; } = 100_000;

    /// <summary>
    /// Most bytes, in this process, of publishes that became several records and wait, half appended, for room in the log.
    /// Default 64 MiB; at the bound the broker stops reading.
    /// </summary>
    [Range(4 * 1024 * 1024, long.MaxValue)]
    public long ParkedBytesMax { get; init; } = 64L << 20;

    /// <summary>Schema id in front of ReadingBatch values. Default the released id used without a registry.</summary>
    public int ReadingBatchSchemaId { get; init; } = SchemaIds.ReadingBatch;

    /// <summary>Schema id in front of ReadingBatch values of version 2. Default the released id used without a registry.</summary>
    public int ReadingBatchV2SchemaId { get; init; } = SchemaIds.ReadingBatchV2;

    /// <summary>
    /// Layout of readings on the log: V1 (default), V2, or Both, one record of each with the same event ids, of which consumers keep
    /// one. Both is for the time in which some consumers know only one; it takes the space of both.
    /// </summary>
    public WriteVersions WriteVersions { get; init; } = WriteVersions.V1;

    /// <summary>Schema id in front of DeadLetter values. Default the released id used without a registry.</summary>
    public int DeadLetterSchemaId { get; init; } = SchemaIds.DeadLetter;

    /// <summary>Schema id in front of CommandResult values. Default the released id used without a registry.</summary>
    public int CommandResultSchemaId { get; init; } = SchemaIds.CommandResult;

    /// <summary>Schema id in front of DeviceEvent values. Default the released id used without a registry.</summary>
    public int DeviceEventSchemaId { get; init; } = SchemaIds.DeviceEvent;

    /// <summary>Schema id in front of DeviceCommand values. Default the released id used without a registry.</summary>
    public int DeviceCommandSchemaId { get; init; } = SchemaIds.DeviceCommand;

    /// <summary>Schema id in front of CatalogueEntry values. Default the released id used without a registry.</summary>
    public int CatalogueSchemaId { get; init; } = SchemaIds.CatalogueEntry;

    /// <summary>The Sparkplug B host application.</summary>
    public SparkplugOptions Sparkplug { get; init; } = new();

    /// <summary>Name of this edge node in command results. Default the machine's.</summary>
    [Required]
    public string EdgeName { get; init; } = Environment.MachineName;

    /// <summary>Largest answer to a command in bytes; larger ones are refused. Default 64 KiB.</summary>
    [Range(1, 900 * 1024)]
    public int CommandAnswerBytesMax { get; init; } = 64 * 1024;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < Topics.Length; i++)
        {
            if (Topics[i].Problem() is { } problem)
            {
                yield return new ValidationResult($"the pattern '{Topics[i].Pattern}' {problem}", [$"{nameof(Topics)}:{i}:{nameof(TopicPatternOptions.Pattern)}"]);
            }
        }
    }
}
