using Microsoft.Extensions.Logging;
using Telemetry.Streams;
using Telemetry.Streams.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Operations.Audit;

/// <summary>
/// An audit that drains is the only writer of the store: on a cluster it waits until storage's groups are empty. Members that
/// were killed leave with their session timeout.
/// </summary>
public static class ActiveGroups
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    /// <exception cref="RecordLogException">A storage process is active.</exception>
    public static async Task WaitForNoneAsync(KafkaOptions kafka, string sinkGroup, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        string[] groups = [sinkGroup, $"{sinkGroup}-anomalies", $"{sinkGroup}-device_events", $"{sinkGroup}-incidents", $"{sinkGroup}-alarms"];
        var logger = logging.CreateLogger(typeof(ActiveGroups).FullName!);
        var since = TimeProvider.System.GetTimestamp();
        var told = false;
        while (await KafkaGroups.QueryActiveAsync(kafka, groups, cancellationToken) is { Count: > 0 } active)
        {
            if (TimeProvider.System.GetElapsedTime(since) > Longest)
            {
                throw new RecordLogException(
                    RecordLogError.Locked,
                    $"Storage is still active: group {string.Join(", ", active)} has members. Stop the storage processes first, or give --no-drain to compare only.");
            }

            if (!told)
            {
                Log.WaitingForGroups(logger, string.Join(", ", active), Longest.TotalSeconds);
                told = true;
            }

            await Task.Delay(Between, cancellationToken);
        }
    }
}
