namespace Telemetry.Streams.Journal.Topics;

/// <summary>
/// Ends of one partition. High is the end of what is durable; stable (Kafka's last stable offset) stops at the first
/// record of a transaction still open.
/// </summary>
internal sealed class PartitionState
{
    private readonly List<(long First, JournalTransaction Transaction)> _open = [];
    private long _high;
    private long _stable;

    public long High => Volatile.Read(ref _high);

    public long Stable => Volatile.Read(ref _stable);

    public bool HasOpenTransactions => _open.Count > 0;

    /// <remarks>Under the topic's lock, as the two below.</remarks>
    public void Opened(JournalTransaction transaction, long first)
    {
        _open.Add((first, transaction));
        Publish();
    }

    public void Ended(JournalTransaction transaction)
    {
        _open.RemoveAll(entry => entry.Transaction == transaction);
        Publish();
    }

    public void Advance(long high)
    {
        Volatile.Write(ref _high, Math.Max(_high, high));
        Publish();
    }

    private void Publish()
    {
        var stable = _high;
        foreach (var (first, _) in _open)
        {
            stable = Math.Min(stable, first);
        }

        Volatile.Write(ref _stable, stable);
    }
}
