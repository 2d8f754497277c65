using Telemetry.Contracts;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Storage.Sink;
using Telemetry.Streams;

namespace Telemetry.Host.Metrics;

/// <summary>Looks at the log: lag of our groups, and watermarks of the stages. One caller at a time.</summary>
/// <param name="log">The log; stays the caller's.</param>
/// <param name="options">Names of groups, allowed delay.</param>
/// <param name="roles">Roles whose groups are looked at.</param>
/// <param name="progress">How far the sink of this process is; empty where no store runs.</param>
/// <param name="time">Clock.</param>
internal sealed class LagSampler(
    IRecordLog log, TelemetryOptions options, Roles roles, Func<IReadOnlyList<SinkProgress>> progress, TimeProvider time)
{
    private readonly IReadOnlyList<GroupTopic> _groups = ConsumerGroups.Of(options, roles);

    /// <exception cref="RecordLogException">The log did not answer, or a topic is not there.</exception>
    public async ValueTask<LagSample> SampleAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetUtcNow();

        // Taken before the ends of the partitions, so that it is never ahead of them.
        var stored = progress();
        var lags = new List<GroupLag>();
        var watermarks = new List<LagWatermark>();
        foreach (var (group, topic) in _groups)
        {
            var lag = await log.QueryLagAsync(group, topic, cancellationToken);
            var committed = await log.QueryCommittedAsync(group, [.. lag.Select(l => l.Partition)], cancellationToken);
            lags.AddRange(lag.Select(l => new GroupLag(
                group, l.Partition, committed.TryGetValue(l.Partition, out var offset) ? offset.Offset : null, l.Records, l.Time)));
            if (StageOf(group, topic, stored) is { } stage)
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

        void Add(string stage, IEnumerable<PartitionLag> lag) =>
            watermarks.AddRange(LagWatermark.Of(stage, lag, asked, options.Lag.AllowedDelay));
    }

    /// <summary>The stage that a group's commits tell of; null for topics behind the readings.</summary>
    private string? StageOf(string group, string topic, IReadOnlyList<SinkProgress> stored) => topic switch
    {
        KafkaTopics.Readings when group == options.Processing.Group => LagStage.Processed,
        KafkaTopics.Readings when group == options.Sink.Group && stored.Count == 0 => LagStage.RolledUp,
        _ => null,
    };

    private ValueTask<IReadOnlyList<PartitionLag>> QueryAsync(
        IReadOnlyList<SinkProgress> stored, Func<SinkProgress, long> next, CancellationToken cancellationToken) =>
        log.QueryLagAsync(
            stored.ToDictionary(p => new TopicPartition(KafkaTopics.Readings, p.Partition), next), cancellationToken);
}
