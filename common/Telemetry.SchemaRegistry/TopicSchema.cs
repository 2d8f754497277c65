using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Wire;

namespace Telemetry.SchemaRegistry;

/// <summary>A schema we write: what the first message of a released descriptor is, and under which subject a registry has it.</summary>
/// <param name="Subject">
/// <c>topic-value</c> (TopicNameStrategy), or <c>topic-message</c> (TopicRecordNameStrategy) for a second message on the same topic.
/// </param>
/// <param name="MessageName">Full name of the message.</param>
/// <param name="ReleasedId">Id without a registry.</param>
/// <param name="Text">The .proto file.</param>
public sealed record TopicSchema(string Subject, string MessageName, int ReleasedId, string Text)
{
    /// <summary>Readings, version 1.</summary>
    public static TopicSchema ReadingBatch { get; } =
        new(LogTopics.Readings + "-value", "telemetry.v1.ReadingBatch", SchemaIds.ReadingBatch, Read("v1/readings.proto"));

    /// <summary>Readings, version 2, on the same topic.</summary>
    public static TopicSchema ReadingBatchV2 { get; } =
        new(LogTopics.Readings + "-telemetry.v2.ReadingBatch", "telemetry.v2.ReadingBatch", SchemaIds.ReadingBatchV2, Read("v2/readings.proto"));

    /// <summary>Anomalies.</summary>
    public static TopicSchema Anomaly { get; } =
        new(LogTopics.Anomalies + "-value", "telemetry.v1.Anomaly", SchemaIds.Anomaly, Read("v1/anomalies.proto"));

    /// <summary>Incidents.</summary>
    public static TopicSchema Incident { get; } =
        new(LogTopics.Incidents + "-value", "telemetry.v1.Incident", SchemaIds.Incident, Read("v1/incidents.proto"));

    /// <summary>Device events.</summary>
    public static TopicSchema DeviceEvent { get; } =
        new(LogTopics.DeviceEvents + "-value", "telemetry.v1.DeviceEvent", SchemaIds.DeviceEvent, Read("v1/device_events.proto"));

    /// <summary>Changes of alarms.</summary>
    public static TopicSchema AlarmChange { get; } =
        new(LogTopics.Alarms + "-value", "telemetry.v1.AlarmChange", SchemaIds.AlarmChange, Read("v1/alarms.proto"));

    /// <summary>Dead letters.</summary>
    public static TopicSchema DeadLetter { get; } =
        new(LogTopics.DeadLetters + "-value", "telemetry.v1.DeadLetter", SchemaIds.DeadLetter, Read("v1/dead_letters.proto"));

    /// <summary>Commands to devices.</summary>
    public static TopicSchema DeviceCommand { get; } =
        new(LogTopics.Commands + "-value", "telemetry.v1.DeviceCommand", SchemaIds.DeviceCommand, Read("v1/commands.proto"));

    /// <summary>What became of commands.</summary>
    public static TopicSchema CommandResult { get; } =
        new(LogTopics.CommandResults + "-value", "telemetry.v1.CommandResult", SchemaIds.CommandResult, Read("v1/command_results.proto"));

    /// <summary>What sensors are.</summary>
    public static TopicSchema CatalogueEntry { get; } =
        new(LogTopics.Catalogue + "-value", "telemetry.v1.CatalogueEntry", SchemaIds.CatalogueEntry, Read("v1/catalogue.proto"));

    /// <summary>Every schema of the platform.</summary>
    public static IReadOnlyList<TopicSchema> All { get; } =
        [ReadingBatch, ReadingBatchV2, Anomaly, Incident, AlarmChange, DeviceEvent, DeadLetter, DeviceCommand, CommandResult, CatalogueEntry];

    /// <summary>SHA-256 of the text, hexadecimal: an id cached for another text is not ours.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    private static string Read(string name)
    {
        using var stream = Assembly.Load("Telemetry.Contracts").GetManifestResourceStream("proto/telemetry/" + name)
            ?? throw new InvalidOperationException($"The descriptor {name} is not in Telemetry.Contracts.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
