using Telemetry.Streams;

namespace Telemetry.Tests.Streams;

/// <summary>What is known of something that was given to the log.</summary>
internal enum Fate
{
    /// <summary>Not answered yet, or the answer says that only the next start knows.</summary>
    Unknown,
    There,
    NotThere,
}

/// <summary>A record as a reader sees it.</summary>
internal readonly record struct Seen(int Partition, long Offset, string Key, string Value);

/// <summary>
/// The list beside a journal of what was promised: what was acknowledged is there once and in order, what was refused is not, and a
/// transaction is there whole, with its offsets, or not at all.
/// </summary>
internal sealed class JournalPromises
{
    private readonly List<Entry> _entries = [];
    private readonly List<CommittedNote> _offsets = [];
    private int _names;

    /// <summary>A record that is about to be appended, with a value of its own.</summary>
    public Entry Add(string topic, int partition, string key, string padding, Transaction? transaction)
    {
        var entry = new Entry(topic, partition, key, $"{_names++}" + padding, transaction);
        lock (_entries)
        {
            _entries.Add(entry);
        }

        return entry;
    }

    /// <summary>Offsets that are about to be committed, alone or with a transaction.</summary>
    public CommittedNote AddOffsets(Transaction? transaction)
    {
        var note = new CommittedNote(new CommittedOffset(0, $"{_names++}"), transaction);
        _offsets.Add(note);
        return note;
    }

    /// <summary>A commit is asked for: what goes with a transaction takes effect with its commit.</summary>
    public void Try(Transaction transaction)
    {
        transaction.IsTried = true;
        if (_offsets.Find(note => note.Transaction == transaction) is { } note)
        {
            _offsets.Remove(note);
            _offsets.Add(note);
        }
    }

    /// <summary>Records of which the log has not said what became of them.</summary>
    public IReadOnlyList<Entry> Unanswered()
    {
        lock (_entries)
        {
            return [.. _entries.Where(entry => entry.Own == Fate.Unknown)];
        }
    }

    /// <summary>The log is closed.</summary>
    public void ShouldAllBeAnswered()
    {
        lock (_entries)
        {
            foreach (var entry in _entries)
            {
                entry.Answered.ShouldBeTrue($"the append of '{Name(entry.Value)}' was never answered");
            }
        }
    }

    /// <summary>What was not known is what a start has found, from here on.</summary>
    public void Decide(List<Seen> plain, List<Seen> compacted, CommittedOffset? committed)
    {
        var values = plain.Concat(compacted).Select(seen => seen.Value).ToHashSet();
        foreach (var transaction in _entries.Select(entry => entry.Transaction).OfType<Transaction>().Distinct()
            .Where(transaction => transaction.Fate == Fate.Unknown))
        {
            // A record of the compacted topic may have been replaced by a later one: the plain ones and the offsets tell.
            var witnesses = _entries.Where(entry => entry.Transaction == transaction).ToList();
            transaction.Fate = witnesses.Exists(entry => values.Contains(entry.Value))
                || _offsets.Exists(note => note.Transaction == transaction && note.Offset == committed)
                ? Fate.There
                : Fate.NotThere;
        }

        foreach (var entry in _entries.Where(entry => entry.Transaction is null && entry.Own == Fate.Unknown))
        {
            entry.Decide(values.Contains(entry.Value) ? Fate.There : Fate.NotThere);
        }

        // Notes before the one that is there count as done, those after it as not.
        var last = _offsets.FindIndex(note => note.Offset == committed);
        for (var i = 0; i < _offsets.Count; i++)
        {
            if (_offsets[i] is { Fate: Fate.Unknown, Transaction: null } note)
            {
                note.Fate = i <= last ? Fate.There : Fate.NotThere;
            }
        }
    }

    /// <summary>Fails when what is there is not what was promised.</summary>
    /// <param name="plain">Records of the plain topic, read committed.</param>
    /// <param name="compacted">Records of the compacted topic.</param>
    /// <param name="committed">The group's offset.</param>
    /// <param name="open">The transaction under way: what comes behind its first record is hidden.</param>
    public void Check(List<Seen> plain, List<Seen> compacted, CommittedOffset? committed, Transaction? open)
    {
        List<Entry> entries;
        lock (_entries)
        {
            entries = [.. _entries];
        }

        var hidden = entries.Where(entry => open is not null && entry.Transaction == open).Select(entry => (entry.Topic, entry.Partition)).ToHashSet();
        var promised = entries.Where(entry => (open is null || entry.Transaction != open) && entry.Fate == Fate.There).ToList();
        for (var partition = 0; partition < JournalUnderTest.Partitions; partition++)
        {
            var expected = promised.Where(entry => entry.Topic == JournalUnderTest.Plain && entry.Partition == partition)
                .Select(entry => Name(entry.Value)).ToList();
            var found = plain.Where(seen => seen.Partition == partition).Select(seen => Name(seen.Value)).ToList();
            if (hidden.Contains((JournalUnderTest.Plain, partition)))
            {
                found.ShouldBe(expected.Take(found.Count), $"partition {partition}, up to an open transaction");
            }
            else
            {
                found.ShouldBe(expected, $"partition {partition}");
            }
        }

        CheckCompacted(compacted, promised, hidden);
        committed.ShouldBe(_offsets.FindLast(note => note.Known == Fate.There)?.Offset, "the group's offset");
    }

    private static void CheckCompacted(List<Seen> read, List<Entry> promised, HashSet<(string, int)> hidden)
    {
        var mine = promised.Where(entry => entry.Topic == JournalUnderTest.Compacted).ToList();
        var known = mine.Select(entry => entry.Value).ToHashSet();
        read.ShouldAllBe(seen => known.Contains(seen.Value), "nothing that was refused or aborted is there");
        foreach (var of in mine.GroupBy(entry => (entry.Partition, entry.Key)).Where(of => !hidden.Contains((JournalUnderTest.Compacted, of.Key.Partition))))
        {
            var last = read.FindLast(seen => seen.Partition == of.Key.Partition && seen.Key == of.Key.Key);
            last.Value.ShouldBe(of.Last().Value, "the newest record of a key");
        }
    }

    /// <summary>A value without its padding.</summary>
    private static string Name(string value) => value.TrimEnd('.');
}

/// <summary>A transaction and what became of it.</summary>
internal sealed class Transaction
{
    public Fate Fate { get; set; }

    /// <summary>A commit has been asked for, and no answer says that it did not happen.</summary>
    public bool IsTried { get; set; }
}

/// <summary>Offsets that were committed.</summary>
internal sealed class CommittedNote(CommittedOffset offset, Transaction? transaction)
{
    public CommittedOffset Offset { get; } = offset;

    public Transaction? Transaction { get; } = transaction;

    public Fate Fate { get; set; }

    /// <summary>A note that went with a transaction shares its fate.</summary>
    public Fate Known => Transaction?.Fate ?? Fate;
}

/// <summary>A record that was appended.</summary>
internal sealed class Entry(string topic, int partition, string key, string value, Transaction? transaction) : IAppendCompletion
{
    private readonly Lock _gate = new();
    private Fate _own;
    private bool _frozen;

    public string Topic => topic;

    public int Partition => partition;

    public string Key => key;

    public string Value => value;

    public Transaction? Transaction => transaction;

    public bool Answered { get; private set; }

    /// <summary>What the log has said about the record itself.</summary>
    public Fate Own
    {
        get
        {
            lock (_gate)
            {
                return _own;
            }
        }
    }

    public Fate Fate => transaction is null ? Own : transaction.Fate;

    public void Appended(long offset, RecordLogException? error, ulong state)
    {
        lock (_gate)
        {
            Answered.ShouldBeFalse();
            Answered = true;
            if (!_frozen)
            {
                _own = error switch
                {
                    null => Fate.There,
                    { Error: RecordLogError.DiskFull or RecordLogError.Closed } => Fate.NotThere,
                    _ => Fate.Unknown,
                };
            }
        }
    }

    /// <summary>The call itself was refused.</summary>
    public void Refused()
    {
        lock (_gate)
        {
            (Answered, _own) = (true, Fate.NotThere);
        }
    }

    /// <summary>Answers that come after the crash do not count.</summary>
    public void Freeze()
    {
        lock (_gate)
        {
            (_frozen, _own) = (true, Fate.Unknown);
        }
    }

    public void Decide(Fate fate)
    {
        lock (_gate)
        {
            _own = fate;
        }
    }
}
