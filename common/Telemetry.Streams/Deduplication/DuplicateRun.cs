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

    /// <summary>The runs; valid until the next batch.</summary>
    public ReadOnlySpan<DuplicateRun> Span => _runs.AsSpan(0, _count);

    internal void Clear() => _count = 0;

    internal void Add(int start, int count, DuplicateKind kind)
    {
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
