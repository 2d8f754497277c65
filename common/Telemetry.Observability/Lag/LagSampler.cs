using Telemetry.Contracts;
using Telemetry.Streams;

namespace Telemetry.Observability.Lag;

/// <summary>Reads from the log how far groups are behind, and how far the stages are. One caller at a time.</summary>
/// <param name="log">The log; stays the caller's.</param>
/// <param name="groups">What is measured.</param>
/// <param name="progress">How far the sink of this process is; empty where no store runs.</param>
/// <param name="allowedDelay">How long a reading may take from its device to the log.</param>
/// <param name="time">Clock.</param>
public sealed class LagSampler(
    IRecordLog log, IReadOnlyList<LagGroup> groups, Func<IReadOnlyList<StoredProgress>> progress, TimeSpan allowedDelay, TimeProvider time)
{
    /// <exception cref="RecordLogException">The log did not answer, or a topic is not there.</exception>
    public async ValueTask<LagSample> SampleAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetUtcNow();

        // Taken before the ends of the partitions, so that it is never ahead of them.
        var stored = progress();
        var lags = new List<GroupLag>();
        var watermarks = new List<LagWatermark>();
        foreach (var (group, topic, stage) in groups)
        {
            var lag = await log.QueryLagAsync(group, topic, cancellationToken);
            var committed = await log.QueryCommittedAsync(group, [.. lag.Select(l => l.Partition)], cancellationToken);
            lags.AddRange(lag.Select(l => new GroupLag(
                group, l.Partition, committed.TryGetValue(l.Partition, out var offset) ? offset.Offset : null, l.Records, l.Time)));
            if (stage is not null && !(stage == LagStage.RolledUp && stored.Count > 0))
            {
                Add(stage, lag);
            }
        }

        if (stored.Count > 0)
        {
            // The sink itself knows more than its commits: raw rows are there seconds before the checkpoint.
            Add(LagStage.Stored, await QueryAsync(stored, static p => p.RawNext, cancellationToken));
            Add(LagStage.RolledUp, await QueryAsync(stored, static p => p.RolledUpNext, cancellationToken));
        }

        return new LagSample(lags, watermarks);

        void Add(string reached, IEnumerable<PartitionLag> lag) =>
            watermarks.AddRange(LagWatermark.Of(reached, lag, asked, allowedDelay));
    }

    private ValueTask<IReadOnlyList<PartitionLag>> QueryAsync(
        IReadOnlyList<StoredProgress> stored, Func<StoredProgress, long> next, CancellationToken cancellationToken) =>
        log.QueryLagAsync(
            stored.ToDictionary(p => new TopicPartition(LogTopics.Readings, p.Partition), next), cancellationToken);
}
