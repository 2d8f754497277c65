namespace Telemetry.Streams.Deduplication;

/// <summary>What a sequence is.</summary>
public enum DuplicateKind : byte
{
    /// <summary>Never seen.</summary>
    New,

    /// <summary>Seen before: drop it and count it.</summary>
    Duplicate,

    /// <summary>The bounds made us forget whether it was seen: neither take it twice nor lose it, dead-letter it and count it.</summary>
    Ambiguous,

    /// <summary>
    /// The event id was seen before, of another reading: time, sensor or value differ. The first one was taken; this one is no copy
    /// and must not vanish as one: dead-letter it and count it.
    /// </summary>
    Conflict,
}

/// <summary>What a whole batch is, for a fast way through.</summary>
public enum DuplicateVerdict : byte
{
    /// <summary>Every reading is new.</summary>
    AllNew,

    /// <summary>Every reading was seen before.</summary>
    AllDuplicate,

    /// <summary>Look at the runs.</summary>
    Mixed,
}

/// <summary>Neighbouring readings of a batch that are all the same kind.</summary>
/// <param name="Start">Index of the first reading in the batch.</param>
/// <param name="Count">Number of readings, at least 1.</param>
/// <param name="Kind">What they are.</param>
public readonly record struct DuplicateRun(int Start, int Count, DuplicateKind Kind);

/// <summary>The runs of one batch, in order and without holes; reused from batch to batch.</summary>
public sealed class DuplicateRuns
{
    private DuplicateRun[] _runs = new DuplicateRun[8];
    private int _count;

    /// <summary>Hashes of the batch, for whoever has this object anyway.</summary>
    internal ReadingHashes Hashes { get; } = new();

    /// <summary>The runs; valid until the next batch.</summary>
    public ReadOnlySpan<DuplicateRun> Span => _runs.AsSpan(0, _count);

    /// <summary>Readings of a kind in the last batch.</summary>
    public int CountOf(DuplicateKind kind)
    {
        var count = 0;
        foreach (var run in Span)
        {
            count += run.Kind == kind ? run.Count : 0;
        }

        return count;
    }

    internal void Clear() => _count = 0;

    internal void Add(int start, int count, DuplicateKind kind)
    {
        // Neighbours of one kind are one run, wherever they were found.
        if (_count > 0 && _runs[_count - 1] is var last && last.Kind == kind && last.Start + last.Count == start)
        {
            _runs[_count - 1] = last with { Count = last.Count + count };
            return;
        }

        if (_count == _runs.Length)
        {
            Array.Resize(ref _runs, _runs.Length * 2);
        }

        _runs[_count++] = new DuplicateRun(start, count, kind);
    }

    internal DuplicateVerdict Verdict() => _count != 1
        ? DuplicateVerdict.Mixed
        : _runs[0].Kind switch
        {
            DuplicateKind.New => DuplicateVerdict.AllNew,
            DuplicateKind.Duplicate => DuplicateVerdict.AllDuplicate,
            _ => DuplicateVerdict.Mixed,
        };
}
