namespace Telemetry.Contracts;

/// <summary>Names of the topics on the log. The version in a name changes only with an incompatible value.</summary>
public static class LogTopics
{
    /// <summary>Accepted <c>ReadingBatch</c> values, keyed by device.</summary>
    public const string Readings = "telemetry.readings.v1";

    /// <summary><c>Anomaly</c> values, keyed by device.</summary>
    public const string Anomalies = "telemetry.anomalies.v1";

    /// <summary><c>Incident</c> values, keyed by device.</summary>
    public const string Incidents = "telemetry.incidents.v1";

    /// <summary>Settings of detectors, and from which offset on each version is in force. Compacted, one partition.</summary>
    public const string DetectorSettings = "telemetry.detectors.v1";

    /// <summary><c>DeviceEvent</c> values, keyed by device.</summary>
    public const string DeviceEvents = "telemetry.device-events.v1";

    /// <summary><c>DeadLetter</c> values, keyed by source.</summary>
    public const string DeadLetters = "telemetry.dead-letters.v1";

    /// <summary>Keyed state of processing (compacted, partitioned as <see cref="Readings"/>).</summary>
    public const string DetectorState = "telemetry.detector-state.v1";

    /// <summary>Keyed state of the sink (compacted, partitioned as <see cref="Readings"/>).</summary>
    public const string SinkState = "telemetry.sink-state.v1";

    /// <summary>Everything alarms are decided from, keyed by device or group: conditions, what persons want, ticks.</summary>
    public const string AlarmInputs = "telemetry.alarm-inputs.v1";

    /// <summary><c>AlarmChange</c> values, keyed by device or group.</summary>
    public const string Alarms = "telemetry.alarms.v1";

    /// <summary>The alarms as they are (compacted, partitioned as <see cref="AlarmInputs"/>).</summary>
    public const string AlarmState = "telemetry.alarm-state.v1";

    /// <summary>The rules in force (compacted, one partition).</summary>
    public const string AlarmRules = "telemetry.alarm-rules.v1";

    /// <summary>What rules remember of devices (compacted, partitioned as <see cref="Readings"/>).</summary>
    public const string AlarmRuleState = "telemetry.alarm-rule-state.v1";

    /// <summary><c>DeviceCommand</c> values, keyed by device.</summary>
    public const string Commands = "telemetry.commands.v1";

    /// <summary><c>CommandResult</c> values, keyed by device.</summary>
    public const string CommandResults = "telemetry.command-results.v1";

    /// <summary>Sparkplug B publishes as they came, keyed by group and edge node.</summary>
    public const string Sparkplug = "telemetry.sparkplug.v1";

    /// <summary>What is known of each Sparkplug edge node (compacted, partitioned as <see cref="Sparkplug"/>).</summary>
    public const string SparkplugState = "telemetry.sparkplug-state.v1";

    /// <summary>The last Sparkplug STATE of each edge process, keyed by host id and edge name (compacted, one partition).</summary>
    public const string SparkplugHost = "telemetry.sparkplug-host.v1";

    /// <summary><c>CatalogueEntry</c> values, keyed by device and sensor (compacted).</summary>
    public const string Catalogue = "telemetry.catalogue.v1";

    /// <summary>MQTT messages for persistent sessions, keyed by their publisher's client id.</summary>
    public const string Messages = "telemetry.messages.v1";

    /// <summary>MQTT sessions, their subscriptions and what they have been given (compacted, partitioned by client id).</summary>
    public const string MqttSessions = "telemetry.mqtt-sessions.v1";

    /// <summary>Sessions of people over HTTP, and the keys of their cookies (compacted, one partition).</summary>
    public const string HttpSessions = "telemetry.http-sessions.v1";

    /// <summary>Lines of the audit log of every process (JSON, one partition).</summary>
    public const string Audit = "telemetry.audit.v1";

    /// <summary>Retained MQTT messages (compacted, keyed by topic name).</summary>
    public const string MqttRetained = "telemetry.mqtt-retained.v1";
}
