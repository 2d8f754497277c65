namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>
/// Decides from where a consumer stands, look after look, which of its partitions the client has stopped reading. To have nothing new is
/// normal at the end of the log, for one who does not poll, and while an answer is on its way; to stand at the same offset from one look to
/// the next, polled in between, with records after it at both looks, is not.
/// </summary>
internal sealed class FetchComparison
{
    private Dictionary<TopicPartition, (long At, long Polls, bool IsBehind)> _before = [];

    /// <summary>Partitions to ask the ends of: the others have moved since the last look, or were not read then.</summary>
    public IReadOnlyList<TopicPartition> Standing(IReadOnlyDictionary<TopicPartition, long> reading, long polls) =>
        [.. reading.Where(r => _before.TryGetValue(r.Key, out var before) && before.At == r.Value && before.Polls < polls).Select(static r => r.Key)];

    /// <summary>Takes a look.</summary>
    /// <param name="reading">Partitions that are read, with the next offset each is to give.</param>
    /// <param name="polls">Polls served so far.</param>
    /// <param name="ends">Ends of those that stand, as far as they are known.</param>
    /// <returns>Partitions the client does not read any more.</returns>
    public IReadOnlyList<TopicPartition> Look(
        IReadOnlyDictionary<TopicPartition, long> reading, long polls, IReadOnlyDictionary<TopicPartition, long> ends)
    {
        var stopped = new List<TopicPartition>();
        var now = new Dictionary<TopicPartition, (long At, long Polls, bool IsBehind)>(reading.Count);
        foreach (var (id, at) in reading)
        {
            var isBehind = ends.TryGetValue(id, out var end) && end > at;
            if (isBehind && _before.TryGetValue(id, out var before) && before.IsBehind && before.At == at && before.Polls < polls)
            {
                stopped.Add(id);
                isBehind = false;
            }

            now.Add(id, (at, polls, isBehind));
        }

        _before = now;
        return stopped;
    }
}
