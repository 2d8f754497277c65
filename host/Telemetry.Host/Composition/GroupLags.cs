using Telemetry.Contracts;
using Telemetry.Query.Health;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>How far a group is behind the readings, as its commits tell.</summary>
internal static class GroupLags
{
    /// <exception cref="RecordLogException">The log does not answer.</exception>
    public static async ValueTask<IReadOnlyList<PipelineLag>> QueryAsync(
        IRecordLog log, string group, CancellationToken cancellationToken) =>
    [
        .. (await log.QueryLagAsync(group, LogTopics.Readings, cancellationToken))
            .Select(lag => new PipelineLag(group, lag.Partition.Topic, lag.Partition.Partition, lag.Records, lag.Time.TotalSeconds)),
    ];
}
