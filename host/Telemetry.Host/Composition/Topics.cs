using Telemetry.Contracts;
using Telemetry.Host.Configuration;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>
/// The one catalogue of topics, for both kinds of log. <see cref="LogTopics"/> gives the names, as all roles know them;
/// here is everything else about them. <c>docs/topics.md</c> is written from it.
/// </summary>
internal static class Topics
{
    private const string Protobuf = "in Confluent wire format";

    /// <summary>
    /// State is read whole when a partition changes hands, so it is compacted early: a segment closes within the hour, and a
    /// fifth of not yet compacted bytes is enough. Tombstones stay a day, longer than any restore takes.
    /// </summary>
    private static readonly CompactionSpec StateCompaction =
        new(TimeSpan.FromHours(1), SegmentBytes: 64 << 20, MinCleanableDirtyRatio: 0.2, TimeSpan.FromDays(1));

    /// <summary>What every topic should be.</summary>
    public static IReadOnlyList<TopicSpec> Catalogue(LogOptions options) => [.. Declared(options).Select(d => d.Spec)];

    /// <summary>Every topic, with its purpose, key, value, writers and readers.</summary>
    public static IReadOnlyList<DeclaredTopic> Declared(LogOptions options) =>
    [
        new(
            Kept(LogTopics.Readings, options, options.Retention),
            "Accepted readings. What is here was acknowledged to its device. A record without a value has none: it says that time has passed in an idle partition, or that a device is deleted.",
            "device", $"`telemetry.v1.ReadingBatch` {Protobuf}", ["edge", "bridge", "process"], ["process", "store", "query"]),
        new(
            Kept(LogTopics.Anomalies, options, options.Retention),
            "What one detector saw in one series, once for each alert that was not known yet.",
            "device", $"`telemetry.v1.Anomaly` {Protobuf}", ["process"], ["store", "query"]),
        new(
            Kept(LogTopics.Incidents, options, options.Retention),
            "One incident per cause at a device: opened, updated, ended; each record holds all of it, the highest revision counts.",
            "device", $"`telemetry.v1.Incident` {Protobuf}", ["process"], ["store", "query"]),
        new(
            Kept(LogTopics.DeviceEvents, options, options.Retention),
            "What happened to a device: silent, back, restarted, clock off, readings missing, born or dead (Sparkplug).",
            "device", $"`telemetry.v1.DeviceEvent` {Protobuf}", ["process", "edge"], ["store", "query"]),
        new(
            Kept(LogTopics.DeadLetters, options, options.DeadLetterRetention),
            "What could not be used: the original bytes, where they came from and why.",
            "source: MQTT topic or log partition", $"`telemetry.v1.DeadLetter` {Protobuf}", ["edge", "bridge", "process", "store"], []),
        new(
            Kept(LogTopics.AlarmInputs, options, options.Retention),
            "Everything that alarms are decided from, in the order that counts: conditions of rules and incidents, what persons want, ticks.",
            "device, or group:RULE", "private to alarms: `telemetry.v1.AlarmInput` without a frame", ["alarms", "query"], ["alarms"]),
        new(
            Kept(LogTopics.Alarms, options, options.Retention),
            "Changes of alarms: what became of one, when, why and by whom.",
            "device, or group:RULE", $"`telemetry.v1.AlarmChange` {Protobuf}", ["alarms"], ["alarms", "store", "query"]),
        new(
            State(LogTopics.AlarmState, options),
            "The alarms as they are.",
            "device and alarm, by partition of the inputs", "private to alarms and query: `telemetry.v1.AlarmState` without a frame", ["alarms"], ["alarms", "query", "edge"]),
        new(
            State(LogTopics.AlarmRules, options) with { Partitions = 1 },
            "The alarm rules in force, whole; the documents that were in force before, and from which offset of each partition on each was.",
            "`rules/`, version and an id of the attempt: of several of one version the first on the log counts; `document/` and its fingerprint; or `pin/`, group, partition and offset. `rules`: by releases before",
            "private to alarms and query: `telemetry.v1.AlarmRulesRecord` without a frame; a pin: the fingerprint", ["alarms", "query"], ["alarms", "query"]),
        new(
            State(LogTopics.AlarmRuleState, options),
            "What alarm rules remember of devices, restored when a partition changes hands.",
            "device, by partition of the readings", "private to alarms: versioned binary", ["alarms"], ["alarms"]),
        new(
            State(LogTopics.DetectorState, options),
            "State of devices and detectors, restored when a partition changes hands.",
            "device, by partition of the readings", "private to processing: versioned binary", ["process"], ["process"]),
        new(
            State(LogTopics.DetectorSettings, options) with { Partitions = 1 },
            "Settings of detectors, version by version, and from which offset of each partition on each is in force.",
            "`version/` and an id, or `pin/`, group, partition and offset", "a version: JSON; a pin: the number of the version", ["process", "query"], ["process", "query"]),
        new(
            State(LogTopics.SinkState, options),
            "The sink's duplicate filter, restored when a partition changes hands.",
            "device, by partition of the readings", "private to storage: versioned binary", ["store"], ["store"]),
        new(
            Kept(LogTopics.Commands, options, options.Retention),
            "Commands to devices.",
            "device", $"`telemetry.v1.DeviceCommand` {Protobuf}", ["query", "edge"], ["edge", "query"]),
        new(
            Kept(LogTopics.CommandResults, options, options.Retention),
            "What became of commands: sent, answered, refused.",
            "device", $"`telemetry.v1.CommandResult` {Protobuf}", ["edge"], ["edge", "query"]),
        new(
            Kept(LogTopics.Sparkplug, options, options.Retention),
            "Births, data and deaths of Sparkplug edge nodes as they came. What is here was accepted.",
            "group and edge node", "private to the bridge: versioned binary, topic and payload", ["edge"], ["edge"]),
        new(
            State(LogTopics.SparkplugState, options),
            "What is known of Sparkplug edge nodes, restored when a partition changes hands.",
            "group and edge node", "private to the bridge: versioned binary", ["edge"], ["edge"]),
        new(
            State(LogTopics.SparkplugHost, options) with { Partitions = 1 },
            "The last timestamp of the Sparkplug host's STATE, which must not go back.",
            "host id and edge name", "milliseconds, 8 bytes", ["edge"], ["edge"]),
        new(
            State(LogTopics.Catalogue, options),
            "What devices and sensors are: name, place, unit, limits; the newest entry of each source, and patterns.",
            "source, device and sensor", $"`telemetry.v1.CatalogueEntry` {Protobuf}", ["edge", "bridge", "query"], ["process", "store", "query"]),
        new(
            Kept(LogTopics.Messages, options, options.SessionRetention),
            "MQTT messages for persistent sessions, each with the sessions that get it.",
            "client id of the publisher", "private to the edge: versioned binary", ["edge"], ["edge"]),
        new(
            State(LogTopics.MqttSessions, options),
            "MQTT sessions: subscriptions, will, what they have been given.",
            "kind and client id, by partition of the client id", "private to the edge: versioned binary", ["edge"], ["edge"]),
        new(
            State(LogTopics.MqttRetained, options),
            "Retained MQTT messages.",
            "topic name", "private to the edge: versioned binary", ["edge"], ["edge"]),
        new(
            State(LogTopics.HttpSessions, options) with { Partitions = 1 },
            "Sessions of people who signed in, and the keys that protect their cookies.",
            "`session/` and a hash of what the cookie holds, or `key/` and its name", "private to query: ASP.NET Core's ticket, or its key as XML", ["query"], ["query"]),
        new(
            Kept(LogTopics.Audit, options, options.AuditRetention) with { Partitions = 1 },
            "The audit log: who did what, and what was refused, over HTTP and MQTT.",
            "name of the process", "JSON, as in the file of the audit log", ["edge", "bridge", "process", "alarms", "store", "query"], ["query"]),
    ];

    private static TopicSpec Kept(string name, LogOptions options, TimeSpan retention) =>
        new(name, options.Partitions, retention, options.RetentionBytes == 0 ? null : options.RetentionBytes);

    private static TopicSpec State(string name, LogOptions options) =>
        new(name, options.Partitions, Compacted: true) { Compaction = StateCompaction };
}
