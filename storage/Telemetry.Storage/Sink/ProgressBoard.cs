using Telemetry.Storage.Writing;

namespace Telemetry.Storage.Sink;

/// <summary>What a session shows of its partitions: written by its loop, read by anyone.</summary>
internal sealed class ProgressBoard(TimeProvider time)
{
    private volatile IReadOnlyList<SinkProgress> _progress = [];

    /// <summary>Partitions owned, as of the last turn of the loop.</summary>
    public IReadOnlyList<SinkProgress> Progress => _progress;

    /// <summary>Age of the oldest consumed record that is not behind a checkpoint, by partition.</summary>
    public IReadOnlyList<(int Partition, TimeSpan Lag)> Lags { get; private set; } = [];

    public void Publish(Dictionary<int, PartitionState> partitions)
    {
        var progress = new SinkProgress[partitions.Count];
        var lags = new (int, TimeSpan)[partitions.Count];
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var at = 0;
        foreach (var (id, p) in partitions)
        {
            progress[at] = new SinkProgress(id, p.Next, p.RawNext, p.RolledUpNext, p.Committed, p.NewestEventTime);
            lags[at++] = (id, p.OldestUncommittedMs is { } oldest ? TimeSpan.FromMilliseconds(Math.Max(0, now - oldest)) : TimeSpan.Zero);
        }

        _progress = progress;
        Lags = lags;
    }
}
