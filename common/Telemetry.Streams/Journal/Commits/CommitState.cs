using Telemetry.Streams.Journal.Transactions;

namespace Telemetry.Streams.Journal.Commits;

/// <summary>What the commit file amounts to: groups' offsets and aborted transactions.</summary>
internal sealed class CommitState
{
    /// <summary>How often the log has been opened; the upper half of transaction ids.</summary>
    public long Session { get; set; }

    /// <summary>Ids up to here that are neither open nor aborted are committed.</summary>
    public long SettledThrough { get; set; }

    /// <summary>Transactions that were open; committed only if a later frame says so.</summary>
    public List<long> Open { get; set; } = [];

    public List<IdRange> Aborted { get; set; } = [];

    public Dictionary<string, Dictionary<TopicPartition, CommittedOffset>> Groups { get; } = [];

    public void Apply(in GroupOffsets commit)
    {
        if (!Groups.TryGetValue(commit.Group, out var entries))
        {
            Groups[commit.Group] = entries = [];
        }

        foreach (var (partition, committed) in commit.Offsets)
        {
            entries[partition] = committed;
        }
    }

    /// <summary>
    /// After the process has ended nothing is open: what has no commit frame in <paramref name="committed"/> is aborted,
    /// and so is every id of that opening that may have been given out.
    /// </summary>
    public void AbortUnsettled(IReadOnlySet<long> committed)
    {
        Aborted.AddRange(Open.Where(id => !committed.Contains(id)).Select(id => new IdRange(id, id)));
        var from = SettledThrough + 1;
        foreach (var id in committed.Where(id => id > SettledThrough).Order())
        {
            if (id > from)
            {
                Aborted.Add(new IdRange(from, id - 1));
            }

            from = id + 1;
        }

        Aborted.Add(new IdRange(from, (Session + 1) << TransactionTable.CounterBits));
        Open = [];
    }
}
