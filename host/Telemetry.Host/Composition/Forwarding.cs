using Telemetry.Bridge.Forwarding;
using Telemetry.Host.Configuration;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Streams.StoreAndForward;

namespace Telemetry.Host.Composition;

/// <summary>Opens the journal in front of the log, and says what it forwards to.</summary>
internal static class Forwarding
{
    /// <summary>Roles whose records are stored and forwarded.</summary>
    public const Roles Intake = Roles.Edge | Roles.Bridge;

    /// <summary>Null where records go to the log at once.</summary>
    /// <exception cref="ConfigurationException">There is nothing to forward to.</exception>
    /// <exception cref="RecordLogException">The journal is damaged, or another process has it.</exception>
    public static async ValueTask<StoreAndForwardLog?> OpenAsync(TelemetryOptions options, Roles roles, ILoggerFactory logging)
    {
        if (!options.Forwards || (roles & Intake) == 0)
        {
            return null;
        }

        if (!options.IsKafka && options.Gateway.Broker.Length == 0)
        {
            throw new ConfigurationException([new ConfigurationError(
                "Log:StoreAndForward:Enabled", "true",
                "there is nothing to forward to: the embedded log is on this machine's disk already. Give --kafka HOST:PORT, or Gateway:Broker for a central platform.",
                "settings")]);
        }

        return await StoreAndForwardLog.OpenAsync(
            options.Log.StoreAndForward, JournalLike(options), TopicNames(options), logging, TimeProvider.System);
    }

    /// <summary>A journal for the broker's sessions, which must be there while Kafka is away; null where the log is one already.</summary>
    /// <exception cref="RecordLogException">The journal is damaged, or another process has it.</exception>
    public static async ValueTask<IRecordLog?> OpenSessionsAsync(TelemetryOptions options, Roles roles, ILoggerFactory logging)
    {
        if (!options.IsKafka || !roles.HasFlag(Roles.Edge))
        {
            return null;
        }

        var sessions = JournalLog.Open(options.Journal, logging, TimeProvider.System);
        await sessions.EnsureTopicsAsync(Topics.Catalogue(options.Log), CancellationToken.None);
        return sessions;
    }

    /// <summary>Kafka, or the central platform.</summary>
    public static IForwardTarget Target(PlatformServices services)
    {
        var options = services.Options;
        return options.Gateway.Broker.Length > 0
            ? new MqttForwardTarget(options.Gateway, InstanceName.Lasting(options))
            : new LogForwardTarget(
                services.Log, RecordLogs.Describe(options), Topics.Catalogue(options.Log), options.Log.StoreAndForward.InFlightBytesMax);
    }

    /// <summary>A look at the journal of a stopped process: what waits there.</summary>
    /// <exception cref="RecordLogException">A running process has it, or it is damaged.</exception>
    public static async Task<ForwardStatus> LookAsync(TelemetryOptions options, ILoggerFactory logging)
    {
        await using var forward = await StoreAndForwardLog.OpenAsync(
            options.Log.StoreAndForward, JournalLike(options), TopicNames(options), logging, TimeProvider.System);
        return forward.Status;
    }

    /// <summary>What the edge writes.</summary>
    private static IReadOnlyList<string> TopicNames(TelemetryOptions options) =>
        [.. Topics.Declared(options.Log).Where(t => t.Writers.Contains("edge")).Select(t => t.Spec.Name)];

    /// <summary>A record that the log would not take must not be acknowledged here.</summary>
    private static JournalOptions JournalLike(TelemetryOptions options) => options.Journal with
    {
        RecordBytesMax = options.IsKafka ? Math.Min(options.Journal.RecordBytesMax, options.Kafka.RecordBytesMax) : options.Journal.RecordBytesMax,
    };
}
