using Telemetry.Host.Configuration;
using Telemetry.Streams;
using Telemetry.Streams.Kafka;

namespace Telemetry.Host.Audit;

/// <summary>
/// An audit that drains is the only writer of the store: on a cluster it waits until storage's groups are empty. Members that
/// were killed leave with their session timeout.
/// </summary>
internal static class ActiveGroups
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    /// <exception cref="RecordLogException">A storage process is active.</exception>
    public static async Task WaitForNoneAsync(TelemetryOptions options, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        string[] groups = [options.Sink.Group, $"{options.Sink.Group}-anomalies", $"{options.Sink.Group}-device_events"];
        var logger = logging.CreateLogger(typeof(ActiveGroups).FullName!);
        var since = TimeProvider.System.GetTimestamp();
        var told = false;
        while (await KafkaGroups.QueryActiveAsync(options.Kafka, groups, cancellationToken) is { Count: > 0 } active)
        {
            if (TimeProvider.System.GetElapsedTime(since) > Longest)
            {
                throw new RecordLogException(
                    RecordLogError.Locked,
                    $"Storage is still active: group {string.Join(", ", active)} has members. Stop the storage processes first, or give --no-drain to compare only.");
            }

            if (!told)
            {
                HostLog.WaitingForGroups(logger, string.Join(", ", active), Longest.TotalSeconds);
                told = true;
            }

            await Task.Delay(Between, cancellationToken);
        }
    }
}
