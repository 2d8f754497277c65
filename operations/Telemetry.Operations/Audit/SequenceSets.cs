using System.Text;
using Telemetry.Storage.Audit;

namespace Telemetry.Operations.Audit;

/// <summary>Event ids as one set of sequences for each boot of each device, within a share and a budget.</summary>
internal sealed class SequenceSets(SequenceShare share, SequenceBudget budget)
{
    /// <summary>A set with its key and its entry, about.</summary>
    private const int SetBytes = 200;

    /// <summary>A device's name and its entry, about. Names of other shares' devices are kept too: a record says its device first.</summary>
    private const int NameBytes = 96;

    /// <summary>The empty set. Not to be changed.</summary>
    public static readonly SequenceSet None = new();

    private readonly Dictionary<ReadingKey, SequenceSet> _sets = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Number of event ids.</summary>
    public long Count { get; private set; }

    /// <summary>Every boot that has at least one.</summary>
    public IEnumerable<KeyValuePair<ReadingKey, SequenceSet>> All => _sets;

    /// <summary>Sequences of one boot; an empty set when there are none. Not to be changed.</summary>
    public SequenceSet Of(ReadingKey key) => _sets.GetValueOrDefault(key, None);

    /// <summary>A device's name, one string for all its boots.</summary>
    public string Name(ReadOnlySpan<byte> ascii)
    {
        Span<char> name = stackalloc char[Math.Min(ascii.Length, 256)];
        var length = Encoding.ASCII.GetChars(ascii[..name.Length], name);
        var names = _names.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!names.TryGetValue(name[..length], out var known))
        {
            known = new string(name[..length]);
            budget.Take(NameBytes);
            _names.Add(known);
        }

        return known;
    }

    /// <summary>Adds those sequences from first to last, both included, that belong to the share; returns how many do.</summary>
    /// <exception cref="SequencesTooManyException">There is no room.</exception>
    public long Add(string device, ulong boot, ulong first, ulong last)
    {
        var adding = new Adding(this, new ReadingKey(device, boot));
        share.Cut(device, boot, first, last, adding, static (adding, from, to) => adding.Add(from, to));
        return adding.Given;
    }

    private sealed class Adding(SequenceSets sets, ReadingKey key)
    {
        public long Given { get; private set; }

        public void Add(ulong first, ulong last)
        {
            if (!sets._sets.TryGetValue(key, out var set))
            {
                sets.AddSet(key, set = new SequenceSet());
            }

            var bytes = set.Bytes;
            Given += (long)(last - first + 1);
            sets.Count += set.Add(first, last);
            if (set.Bytes > bytes)
            {
                sets.Take(set.Bytes - bytes);
            }
        }
    }

    private void AddSet(ReadingKey key, SequenceSet set)
    {
        budget.Take(SetBytes);
        _sets[key] = set;
    }

    private void Take(long bytes) => budget.Take(bytes);
}
