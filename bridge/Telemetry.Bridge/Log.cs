using Microsoft.Extensions.Logging;

namespace Telemetry.Bridge;

/// <summary>All messages of this project; event ids 2000 to 2999.</summary>
internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Error,
        "The log refuses records ({Error}): publishes are not acknowledged and devices will send them again. {Message}")]
    public static partial void LogFailing(ILogger logger, Streams.RecordLogError error, string message);

    [LoggerMessage(2002, LogLevel.Information, "The log takes records again.")]
    public static partial void LogRecovered(ILogger logger);

    [LoggerMessage(2003, LogLevel.Warning, "Stopped before all parts of {Publishes} publishes were appended; their senders are told to send again.")]
    public static partial void ParkedAtStop(ILogger logger, int publishes);

    [LoggerMessage(2004, LogLevel.Error, "A publish could not be checked and is a dead letter now; {Faults} such since the start. This is a fault in Telemetry: please report it with the dead letter")]
    public static partial void JudgeFailed(ILogger logger, long faults, Exception error);

    [LoggerMessage(2005, LogLevel.Warning, "{Count} publishes went to topics that look like those of readings and are not, the last to {Topic}. {Hint}")]
    public static partial void LookAlike(ILogger logger, long count, string topic, string hint);

    [LoggerMessage(2010, LogLevel.Information, "Commands are followed; {Pending} wait for their devices")]
    public static partial void CommandsFollowed(ILogger logger, int pending);

    [LoggerMessage(2011, LogLevel.Warning, "Commands cannot be read from the log; tried again in {Delay}")]
    public static partial void CommandsFailed(ILogger logger, TimeSpan delay, Exception error);

    [LoggerMessage(2015, LogLevel.Warning, "Alarms cannot be read from the log for their MQTT topics; tried again in {Delay}")]
    public static partial void AlarmTopicsFailed(ILogger logger, TimeSpan delay, Exception error);

    [LoggerMessage(2012, LogLevel.Warning, "Record {Offset} of {Topic}/{Partition} is skipped: {Detail}")]
    public static partial void CommandUnreadable(ILogger logger, string topic, int partition, long offset, string detail);

    [LoggerMessage(2013, LogLevel.Warning, "{Most} commands wait already; {Refused} were not taken since the start")]
    public static partial void CommandsRefused(ILogger logger, int most, long refused);

    [LoggerMessage(2014, LogLevel.Warning, "Command {Id} for {Device} cannot be delivered and is dropped")]
    public static partial void CommandUndeliverable(ILogger logger, string id, string device, Exception error);

    [LoggerMessage(2030, LogLevel.Warning, "The Sparkplug host starts again from the last commit in {Delay}")]
    public static partial void SparkplugFailed(ILogger logger, TimeSpan delay, Exception error);

    [LoggerMessage(2031, LogLevel.Information, "{Partition}: {Nodes} Sparkplug nodes as of offset {Offset}, {Replayed} records replayed")]
    public static partial void SparkplugRestored(ILogger logger, Streams.TopicPartition partition, int nodes, long offset, long replayed);

    [LoggerMessage(2032, LogLevel.Debug, "The Sparkplug node {Group}/{Edge} is asked for its births: {Reason}")]
    public static partial void SparkplugRebirthWanted(ILogger logger, string group, string edge, string reason);

    [LoggerMessage(2033, LogLevel.Information, "Sparkplug host online: {Topic}, timestamp {TimestampMs}")]
    public static partial void SparkplugOnline(ILogger logger, string topic, long timestampMs);

    [LoggerMessage(2034, LogLevel.Warning, "Sparkplug host offline: {Topic}. It does not consume; edge nodes that have it as their primary host store until it is back")]
    public static partial void SparkplugOffline(ILogger logger, string topic);

    [LoggerMessage(2035, LogLevel.Warning, "A client published {Topic}, the state of this host, and was refused. Is there another host with this id? Ids of hosts must be unique (Bridge:Sparkplug:HostId)")]
    public static partial void SparkplugForeignState(ILogger logger, string topic);

    [LoggerMessage(2036, LogLevel.Warning, "The state of the Sparkplug host cannot be kept; tried again in {Delay}")]
    public static partial void SparkplugStateFailed(ILogger logger, TimeSpan delay, Exception error);

    [LoggerMessage(2020, LogLevel.Warning, "Dead letters cannot be followed, their depth is unknown; tried again in {Delay}")]
    public static partial void DeadLettersNotFollowed(ILogger logger, TimeSpan delay, Exception error);

    [LoggerMessage(2040, LogLevel.Information, "Subscribed at {Broker} over MQTT {Version} as {ClientId} to {Filters}; session kept: {SessionKept}")]
    public static partial void UpstreamConnected(ILogger logger, string broker, string version, string clientId, string filters, bool sessionKept);

    [LoggerMessage(2041, LogLevel.Warning, "No messages of {Broker}: {Reason} Trying again in {Seconds:0.0} s")]
    public static partial void UpstreamLost(ILogger logger, string broker, string reason, double seconds);

    [LoggerMessage(2042, LogLevel.Warning,
        "{Broker} does not say that it has shared subscriptions (MQTT {Version}): each instance gets every message, so run one. Upstream:Sharing=Always asks for them all the same, =Never silences this")]
    public static partial void UpstreamNotShared(ILogger logger, string broker, string version);

    [LoggerMessage(2043, LogLevel.Warning, "{Broker} grants QoS {Granted}, not {Asked}: messages in flight are lost when a connection breaks")]
    public static partial void UpstreamQosLower(ILogger logger, string broker, int granted, int asked);

    [LoggerMessage(2044, LogLevel.Error,
        "{Broker} has forgotten the session of {ClientId} and the messages it had queued there. Let it keep sessions on disk (mosquitto: persistence true)")]
    public static partial void UpstreamSessionLost(ILogger logger, string broker, string clientId);
}
