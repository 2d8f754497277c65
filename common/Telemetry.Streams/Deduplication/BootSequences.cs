using System.Diagnostics;
using Telemetry.Streams.State;

namespace Telemetry.Streams.Deduplication;

/// <summary>
/// The sequences seen of one boot: sorted ranges that neither overlap nor touch, all above <see cref="AmbiguousUpTo"/>.
/// What is at or below <see cref="AmbiguousUpTo"/> has been forgotten; sequences start at 1, so 0 means nothing has.
/// </summary>
internal sealed class BootSequences(ulong bootId)
{
    private readonly RecentHashes _hashes = new();

    /// <summary>Start and end (inclusive) by turns, ascending.</summary>
    private ulong[] _bounds = new ulong[2];

    public ulong BootId { get; } = bootId;

    public ulong AmbiguousUpTo { get; private set; }

    public int RangeCount { get; private set; }

    /// <summary>Readings with the id of another one.</summary>
    public long Conflicts { get; private set; }

    /// <summary>Highest sequence seen; 0 before the first.</summary>
    public ulong Highest => RangeCount == 0 ? AmbiguousUpTo : _bounds[(2 * RangeCount) - 1];

    /// <summary>Sequences between the lowest known and the highest that have not been seen.</summary>
    public ulong Missing
    {
        get
        {
            var missing = 0UL;
            for (var i = 1; i < RangeCount; i++)
            {
                missing += Start(i) - End(i - 1) - 1;
            }

            return missing;
        }
    }

    /// <summary>The usual case, one compare and one store: the batch continues where the last one ended.</summary>
    /// <param name="first">First sequence.</param>
    /// <param name="last">Last sequence.</param>
    /// <param name="hashes">Of each reading; empty: not known.</param>
    /// <param name="options">Bounds.</param>
    public bool TryExtend(ulong first, ulong last, ReadOnlySpan<ushort> hashes, DuplicateFilterOptions options)
    {
        var end = (2 * RangeCount) - 1;
        if (end < 0 || _bounds[end] != first - 1)
        {
            return false;
        }

        _bounds[end] = last;
        KeepHashes(first, last, first - 1, hashes, options);
        return true;
    }

    /// <summary>Adds [first, last] and says what each part of it was before.</summary>
    /// <param name="first">First sequence.</param>
    /// <param name="last">Last sequence.</param>
    /// <param name="start">Index of the first one's reading in the batch.</param>
    /// <param name="hashes">Of each reading; empty: not known.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="runs">Runs are added to it.</param>
    /// <returns>True when a gap had to be closed.</returns>
    public bool Add(ulong first, ulong last, int start, ReadOnlySpan<ushort> hashes, DuplicateFilterOptions options, DuplicateRuns runs)
    {
        var next = first;
        if (next <= AmbiguousUpTo)
        {
            var end = Math.Min(last, AmbiguousUpTo);
            runs.Add(start, (int)(end - first) + 1, DuplicateKind.Ambiguous);
            if (end == last)
            {
                return false;
            }

            next = end + 1;
        }

        var before = Highest;
        Classify(first, next, last, start, hashes, runs);
        Insert(next, last);
        KeepHashes(first, next, before, start, hashes, options, runs);
        if (RangeCount <= options.RangesPerBootMax)
        {
            return false;
        }

        CloseOldestGap();
        return true;
    }

    /// <summary>Forgets what the readings were: from now on, a second reading with an id seen so far counts as a copy.</summary>
    public void DropHashes() => _hashes.Clear(Highest);

    /// <summary>Forgets the ranges and keeps the highest sequence.</summary>
    /// <returns>False when there was nothing to forget.</returns>
    public bool Close()
    {
        if (RangeCount == 0)
        {
            return false;
        }

        DropHashes();
        AmbiguousUpTo = Highest;
        RangeCount = 0;
        _bounds = new ulong[2];
        return true;
    }

    public void Write(StateWriter writer)
    {
        WriteRanges(writer);
        _hashes.Write(writer, Highest, Conflicts);
    }

    /// <summary>All is being written: <see cref="WriteChanges"/> leaves out the hashes that have been.</summary>
    public void Written() => _hashes.Written(Highest);

    /// <summary>As <see cref="Write"/>, but of the hashes only those that are new.</summary>
    public void WriteChanges(StateWriter writer)
    {
        WriteRanges(writer);
        _hashes.WriteChanges(writer, Highest, Conflicts);
    }

    /// <param name="reader">Stands on a boot.</param>
    /// <param name="hasHashes">False: it was written before there were hashes.</param>
    public static BootSequences Read(ref StateReader reader, bool hasHashes)
    {
        var boot = new BootSequences(reader.Fixed64());
        boot.ReadRanges(ref reader);
        if (hasHashes)
        {
            boot.Conflicts = boot._hashes.Read(ref reader, boot.Highest);
        }
        else
        {
            boot.DropHashes();
        }

        return boot;
    }

    /// <summary>Reads what <see cref="WriteChanges"/> wrote, but for the boot id, onto the boot as it was when it was written as a whole.</summary>
    public void ReadChanges(ref StateReader reader)
    {
        ReadRanges(ref reader);
        Conflicts = _hashes.ReadChanges(ref reader, Highest);
    }

    private void WriteRanges(StateWriter writer)
    {
        writer.Fixed64(BootId);
        writer.Varint(AmbiguousUpTo);
        writer.Varint((ulong)RangeCount);
        var at = AmbiguousUpTo;
        for (var i = 0; i < RangeCount; i++)
        {
            writer.Varint(Start(i) - at);
            writer.Varint(End(i) - Start(i));
            at = End(i);
        }
    }

    private void ReadRanges(ref StateReader reader)
    {
        AmbiguousUpTo = reader.Varint();
        RangeCount = reader.Count(2);
        _bounds = new ulong[Math.Max(2, 2 * RangeCount)];
        var at = AmbiguousUpTo;
        for (var i = 0; i < RangeCount; i++)
        {
            _bounds[2 * i] = at + reader.Varint();
            at = _bounds[(2 * i) + 1] = _bounds[2 * i] + reader.Varint();
        }
    }

    private ulong Start(int range) => _bounds[2 * range];

    private ulong End(int range) => _bounds[(2 * range) + 1];

    private void Classify(ulong first, ulong next, ulong last, int start, ReadOnlySpan<ushort> hashes, DuplicateRuns runs)
    {
        for (var i = FirstEndingAtOrAfter(next); i < RangeCount && Start(i) <= last; i++)
        {
            if (Start(i) > next)
            {
                runs.Add(start + (int)(next - first), (int)(Start(i) - next), DuplicateKind.New);
                next = Start(i);
            }

            var end = Math.Min(last, End(i));
            Judge(first, next, end, start, hashes, runs);
            if (end == last)
            {
                return;
            }

            next = end + 1;
        }

        runs.Add(start + (int)(next - first), (int)(last - next) + 1, DuplicateKind.New);
    }

    /// <summary>[next, end] has been seen: each reading of it is a copy, or one that has the id of another.</summary>
    private void Judge(ulong first, ulong next, ulong end, int start, ReadOnlySpan<ushort> hashes, DuplicateRuns runs)
    {
        var highest = Highest;
        for (; ; next++)
        {
            var index = start + (int)(next - first);
            var isConflict = !hashes.IsEmpty && _hashes.Knows(next, highest) && !_hashes.Is(next, hashes[index]);
            Conflicts += isConflict ? 1 : 0;
            runs.Add(index, 1, isConflict ? DuplicateKind.Conflict : DuplicateKind.Duplicate);
            if (next == end)
            {
                return;
            }
        }
    }

    /// <summary>Of the new readings among those from <paramref name="next"/> on: the first reading with an id is the one that counts.</summary>
    private void KeepHashes(
        ulong first, ulong next, ulong before, int start, ReadOnlySpan<ushort> hashes, DuplicateFilterOptions options, DuplicateRuns runs)
    {
        foreach (var run in runs.Span)
        {
            if (run.Kind == DuplicateKind.New && run.Start + run.Count > start)
            {
                var from = first + (ulong)(Math.Max(run.Start, start) - start);
                Debug.Assert(from >= next, "What is new lies above what has been forgotten.");
                var count = run.Start + run.Count - Math.Max(run.Start, start);
                KeepHashes(from, from + (ulong)(count - 1), before, hashes.IsEmpty ? [] : hashes.Slice(Math.Max(run.Start, start), count), options);
            }
        }
    }

    private void KeepHashes(ulong first, ulong last, ulong before, ReadOnlySpan<ushort> hashes, DuplicateFilterOptions options)
    {
        if (hashes.IsEmpty)
        {
            DropHashes();
            return;
        }

        var highest = Highest;
        _hashes.Grow(Start(0), before, highest, options);
        for (var i = 0; i < hashes.Length; i++)
        {
            _hashes.Set(first + (ulong)i, highest, hashes[i]);
        }

        Debug.Assert(last - first == (ulong)(hashes.Length - 1), "One hash a reading.");
    }

    private void Insert(ulong first, ulong last)
    {
        // Ranges i..j-1 overlap or touch [first, last] and become one with it. Sequences start at 1: first - 1 is safe.
        var i = FirstEndingAtOrAfter(first - 1);
        var j = i;
        while (j < RangeCount && (last == ulong.MaxValue || Start(j) <= last + 1))
        {
            j++;
        }

        var start = i < j ? Math.Min(first, Start(i)) : first;
        var end = i < j ? Math.Max(last, End(j - 1)) : last;
        if (i == j)
        {
            if (2 * RangeCount == _bounds.Length)
            {
                Array.Resize(ref _bounds, _bounds.Length * 2);
            }

            Array.Copy(_bounds, 2 * i, _bounds, 2 * (i + 1), 2 * (RangeCount - i));
        }
        else
        {
            Array.Copy(_bounds, 2 * j, _bounds, 2 * (i + 1), 2 * (RangeCount - j));
        }

        RangeCount += 1 - (j - i);
        _bounds[2 * i] = start;
        _bounds[(2 * i) + 1] = end;
        Debug.Assert(i == 0 || End(i - 1) < start - 1, "Ranges must neither overlap nor touch.");
    }

    /// <summary>Forgets the lowest range and all below the second, which stays exact.</summary>
    private void CloseOldestGap()
    {
        AmbiguousUpTo = Start(1) - 1;
        RangeCount--;
        Array.Copy(_bounds, 2, _bounds, 0, 2 * RangeCount);
    }

    private int FirstEndingAtOrAfter(ulong sequence)
    {
        var low = 0;
        var high = RangeCount;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (End(middle) < sequence)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
