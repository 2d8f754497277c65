using Telemetry.Host.Configuration;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Streams.Kafka;

namespace Telemetry.Host.Composition;

/// <summary>Opens the log that the settings name.</summary>
internal static class RecordLogs
{
    /// <exception cref="RecordLogException">The journal is damaged or another process has it. A cluster is not asked yet.</exception>
    public static IRecordLog Open(TelemetryOptions options, ILoggerFactory logging) => options.IsKafka
        ? KafkaLog.Open(options.Kafka, logging, TimeProvider.System)
        : JournalLog.Open(options.Journal, logging, TimeProvider.System);

    /// <summary>For messages.</summary>
    public static string Describe(TelemetryOptions options) => options.IsKafka
        ? $"Kafka at {options.Kafka.BootstrapServers}"
        : $"the journal in {options.Journal.Directory}";
}
