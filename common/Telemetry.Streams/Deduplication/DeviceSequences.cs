using Telemetry.Streams.State;

namespace Telemetry.Streams.Deduplication;

/// <summary>
/// Which sequences of one device have been seen, boot by boot, exactly, as far as the bounds of
/// <see cref="DuplicateFilterOptions"/> reach. A copy is recognised however late it comes, and a gap filled late is new.
/// Boots are kept in the order of their last use, so what is forgotten depends on the order of records alone.
/// </summary>
public sealed class DeviceSequences
{
    private readonly List<BootSequences> _boots = new(1);

    /// <summary>Boots remembered, closed ones included.</summary>
    public int BootCount => _boots.Count;

    /// <summary>The boot of the last batch; 0 before the first.</summary>
    public ulong CurrentBoot => _boots.Count == 0 ? 0 : _boots[0].BootId;

    /// <summary>Highest sequence of the current boot; 0 before the first.</summary>
    public ulong CurrentHighest => _boots.Count == 0 ? 0 : _boots[0].Highest;

    /// <summary>Sequences between the lowest remembered and the highest of the current boot that are not there.</summary>
    public ulong CurrentMissing => _boots.Count == 0 ? 0 : _boots[0].Missing;

    /// <summary>As <see cref="CurrentMissing"/>, of any boot; 0 for one not remembered.</summary>
    public ulong MissingOf(ulong bootId) => IndexOf(bootId) is var index and >= 0 ? _boots[index].Missing : 0;

    /// <summary>True when something of this boot has been seen and is remembered.</summary>
    public bool Knows(ulong bootId) => IndexOf(bootId) >= 0;

    /// <summary>Takes the sequences first .. first + count - 1 of a boot and says what each was.</summary>
    /// <param name="bootId">Boot.</param>
    /// <param name="first">First sequence, at least 1.</param>
    /// <param name="count">Number of sequences, at least 1.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="runs">Filled in any case.</param>
    /// <param name="statistics">Counts what is forgotten.</param>
    /// <exception cref="ArgumentOutOfRangeException">Sequence 0, no sequence, or beyond 2^64 - 1.</exception>
    public DuplicateVerdict Add(
        ulong bootId,
        ulong first,
        int count,
        DuplicateFilterOptions options,
        DuplicateRuns runs,
        DuplicateStatistics statistics)
    {
        ArgumentOutOfRangeException.ThrowIfZero(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, ulong.MaxValue - (ulong)(count - 1));
        runs.Clear();
        var last = first + (ulong)(count - 1);
        if (_boots.Count > 0 && _boots[0].BootId == bootId && _boots[0].TryExtend(first, last))
        {
            runs.Add(0, count, DuplicateKind.New);
            return DuplicateVerdict.AllNew;
        }

        if (MoveToFront(bootId).Add(first, last, options.RangesPerBootMax, runs))
        {
            statistics.GapsClosed++;
        }

        Bound(options, statistics);
        return runs.Verdict();
    }

    /// <summary>Writes the state; about 15 bytes for a device with one boot and no gap.</summary>
    public void Write(StateWriter writer)
    {
        writer.Varint((ulong)_boots.Count);
        foreach (var boot in _boots)
        {
            boot.Write(writer);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are not such a state.</exception>
    public static DeviceSequences Read(ref StateReader reader)
    {
        var sequences = new DeviceSequences();
        var count = reader.Count(10);
        for (var i = 0; i < count; i++)
        {
            sequences._boots.Add(BootSequences.Read(ref reader));
        }

        return sequences;
    }

    private int IndexOf(ulong bootId)
    {
        for (var i = 0; i < _boots.Count; i++)
        {
            if (_boots[i].BootId == bootId)
            {
                return i;
            }
        }

        return -1;
    }

    private BootSequences MoveToFront(ulong bootId)
    {
        var index = IndexOf(bootId);
        if (index == 0)
        {
            return _boots[0];
        }

        var boot = index < 0 ? new BootSequences(bootId) : _boots[index];
        if (index > 0)
        {
            _boots.RemoveAt(index);
        }

        _boots.Insert(0, boot);
        return boot;
    }

    private void Bound(DuplicateFilterOptions options, DuplicateStatistics statistics)
    {
        if (_boots.Count <= options.BootsPerDeviceMax)
        {
            return;
        }

        // At most one boot crosses each bound at a time: those behind it crossed before.
        if (_boots[options.BootsPerDeviceMax].Close())
        {
            statistics.BootsClosed++;
        }

        if (_boots.Count > options.BootsPerDeviceMax + options.ClosedBootsPerDeviceMax)
        {
            _boots.RemoveAt(_boots.Count - 1);
            statistics.BootsForgotten++;
        }
    }
}
