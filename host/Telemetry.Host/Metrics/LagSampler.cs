using Telemetry.Contracts;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Storage.Sink;
using Telemetry.Streams;
using Telemetry.Streams.Lag;

namespace Telemetry.Host.Metrics;

/// <summary>Looks at the log: lag of our groups, and watermarks of the stages. One caller at a time.</summary>
/// <param name="log">The log; stays the caller's.</param>
/// <param name="options">Names of groups, allowed delay.</param>
/// <param name="roles">Roles whose groups are looked at.</param>
/// <param name="progress">How far the sink of this process is; empty where no store runs.</param>
/// <param name="time">Clock.</param>
internal sealed class LagSampler(
    IRecordLog log, TelemetryOptions options, Roles roles, Func<IReadOnlyList<SinkProgress>> progress, TimeProvider time) : IAsyncDisposable
{
    private readonly IReadOnlyList<GroupTopic> _groups = ConsumerGroups.Of(options, roles);
    private readonly LagReader _reader = new(log, time);

    /// <exception cref="RecordLogException">The log did not answer, or a topic is not there.</exception>
    public async ValueTask<LagSample> SampleAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetUtcNow();

        // Taken before the ends of the partitions, so that it is never ahead of them.
        var stored = progress();
        var groups = await _reader.ReadAsync(_groups, cancellationToken);
        var watermarks = new List<LagWatermark>();
        Add(LagStage.Processed, Of(groups, options.Processing.Group));
        if (stored.Count == 0)
        {
            Add(LagStage.RolledUp, Of(groups, options.Sink.Group));
        }
        else
        {
            // The sink itself knows more than its commits: raw rows are there seconds before the checkpoint.
            Add(LagStage.Stored, await ReadAsync(LagStage.Stored, stored, static p => p.RawNext, cancellationToken));
            Add(LagStage.RolledUp, await ReadAsync(LagStage.RolledUp, stored, static p => p.RolledUpNext, cancellationToken));
        }

        return new LagSample(groups, watermarks);

        void Add(string stage, IEnumerable<GroupLag> lags) =>
            watermarks.AddRange(LagWatermark.Of(stage, lags, asked, options.Lag.AllowedDelay));
    }

    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    private static IEnumerable<GroupLag> Of(IEnumerable<GroupLag> groups, string group) =>
        groups.Where(l => l.Group == group && l.Partition.Topic == KafkaTopics.Readings);

    private ValueTask<IReadOnlyList<GroupLag>> ReadAsync(
        string stage, IReadOnlyList<SinkProgress> progress, Func<SinkProgress, long> next, CancellationToken cancellationToken) =>
        _reader.ReadFromAsync(
            stage, progress.ToDictionary(p => new TopicPartition(KafkaTopics.Readings, p.Partition), next), cancellationToken);
}
