using System.Diagnostics;
using Telemetry.Streams.State;

namespace Telemetry.Streams.Deduplication;

/// <summary>
/// The sequences seen of one boot: sorted ranges that neither overlap nor touch, all above <see cref="AmbiguousUpTo"/>.
/// What is at or below <see cref="AmbiguousUpTo"/> has been forgotten; sequences start at 1, so 0 means nothing has.
/// </summary>
internal sealed class BootSequences(ulong bootId)
{
    /// <summary>Start and end (inclusive) by turns, ascending.</summary>
    private ulong[] _bounds = new ulong[2];

    public ulong BootId { get; } = bootId;

    public ulong AmbiguousUpTo { get; private set; }

    public int RangeCount { get; private set; }

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
    public bool TryExtend(ulong first, ulong last)
    {
        var end = (2 * RangeCount) - 1;
        if (end < 0 || _bounds[end] != first - 1)
        {
            return false;
        }

        _bounds[end] = last;
        return true;
    }

    /// <summary>Adds [first, last] and says what each part of it was before.</summary>
    /// <returns>True when a gap had to be closed.</returns>
    public bool Add(ulong first, ulong last, int rangesMax, DuplicateRuns runs)
    {
        var next = first;
        if (next <= AmbiguousUpTo)
        {
            var end = Math.Min(last, AmbiguousUpTo);
            runs.Add(0, (int)(end - first) + 1, DuplicateKind.Ambiguous);
            if (end == last)
            {
                return false;
            }

            next = end + 1;
        }

        Classify(first, next, last, runs);
        Insert(next, last);
        if (RangeCount <= rangesMax)
        {
            return false;
        }

        CloseOldestGap();
        return true;
    }

    /// <summary>Forgets the ranges and keeps the highest sequence.</summary>
    /// <returns>False when there was nothing to forget.</returns>
    public bool Close()
    {
        if (RangeCount == 0)
        {
            return false;
        }

        AmbiguousUpTo = Highest;
        RangeCount = 0;
        _bounds = new ulong[2];
        return true;
    }

    public void Write(StateWriter writer)
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

    public static BootSequences Read(ref StateReader reader)
    {
        var boot = new BootSequences(reader.Fixed64()) { AmbiguousUpTo = reader.Varint() };
        boot.RangeCount = reader.Count(2);
        boot._bounds = new ulong[Math.Max(2, 2 * boot.RangeCount)];
        var at = boot.AmbiguousUpTo;
        for (var i = 0; i < boot.RangeCount; i++)
        {
            boot._bounds[2 * i] = at + reader.Varint();
            at = boot._bounds[(2 * i) + 1] = boot._bounds[2 * i] + reader.Varint();
        }

        return boot;
    }

    private ulong Start(int range) => _bounds[2 * range];

    private ulong End(int range) => _bounds[(2 * range) + 1];

    private void Classify(ulong first, ulong next, ulong last, DuplicateRuns runs)
    {
        for (var i = FirstEndingAtOrAfter(next); i < RangeCount && Start(i) <= last; i++)
        {
            if (Start(i) > next)
            {
                runs.Add((int)(next - first), (int)(Start(i) - next), DuplicateKind.New);
                next = Start(i);
            }

            var end = Math.Min(last, End(i));
            runs.Add((int)(next - first), (int)(end - next) + 1, DuplicateKind.Duplicate);
            if (end == last)
            {
                return;
            }

            next = end + 1;
        }

        runs.Add((int)(next - first), (int)(last - next) + 1, DuplicateKind.New);
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
