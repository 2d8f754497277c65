using Telemetry.Contracts;
using Telemetry.Query.Health;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>How far groups are behind the log, as their commits tell.</summary>
internal static class GroupLags
{
    /// <summary>Of a group that reads the readings.</summary>
    /// <exception cref="RecordLogException">The log does not answer.</exception>
    public static ValueTask<IReadOnlyList<PipelineLag>> QueryAsync(IRecordLog log, string group, CancellationToken cancellationToken) =>
        QueryAsync(log, group, LogTopics.Readings, cancellationToken);

    /// <summary>Of any group and topic.</summary>
    /// <exception cref="RecordLogException">The log does not answer.</exception>
    public static async ValueTask<IReadOnlyList<PipelineLag>> QueryAsync(
        IRecordLog log, string group, string topic, CancellationToken cancellationToken) =>
    [
        .. (await log.QueryLagAsync(group, topic, cancellationToken))
            .Select(lag => new PipelineLag(group, lag.Partition.Topic, lag.Partition.Partition, lag.Records, lag.Time.TotalSeconds)),
    ];

    /// <summary>Waits until groups have committed what is on their topics. The deadline of the caller ends the wait.</summary>
    public static async Task CatchUpAsync(
        PlatformServices services, IReadOnlyList<(string Group, string Topic)> groups, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(services.Options.IsKafka ? 200 : 20), services.Time);
        while (await IsBehindAsync(services.Log, groups, cancellationToken))
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private static async ValueTask<bool> IsBehindAsync(
        IRecordLog log, IReadOnlyList<(string Group, string Topic)> groups, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var (group, topic) in groups)
            {
                if ((await log.QueryLagAsync(group, topic, cancellationToken)).Any(lag => lag.Records > 0))
                {
                    return true;
                }
            }

            return false;
        }
        catch (RecordLogException e) when (e.IsTransient)
        {
            return true; // Not known is not done.
        }
    }
}
