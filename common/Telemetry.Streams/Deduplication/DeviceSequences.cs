using Telemetry.Contracts.Readings;
using Telemetry.Streams.State;

namespace Telemetry.Streams.Deduplication;

/// <summary>
/// Which sequences of one device have been seen, boot by boot, exactly, as far as the bounds of
/// <see cref="DuplicateFilterOptions"/> reach. A copy is recognised however late it comes, and a gap filled late is new.
/// Boots are kept in the order of their last use, so what is forgotten depends on the order of records alone.
/// </summary>
public sealed class DeviceSequences
{
    /// <summary>Boots, from the last used one on, that keep hashes of their readings.</summary>
    private const int BootsWithHashes = 2;

    /// <summary>Stands where a state of old has the number of its boots, which is never 0.</summary>
    private const byte Marker = 0;
    private const byte Version = 2;

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

    /// <summary>Readings of a boot that had the event id of another reading; 0 for a boot not remembered.</summary>
    public long ConflictsOf(ulong bootId) => IndexOf(bootId) is var index and >= 0 ? _boots[index].Conflicts : 0;

    /// <summary>Takes the readings of a batch and says what each was.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="runs">Filled in any case.</param>
    /// <param name="statistics">Counts conflicts and what is forgotten.</param>
    public DuplicateVerdict Add(
        ReadingBatchBuffer batch, DuplicateFilterOptions options, DuplicateRuns runs, DuplicateStatistics statistics)
    {
        runs.Hashes.Of(batch);
        runs.Clear();
        if (batch.IsConsecutive)
        {
            AddRange(batch.BootId, batch.FirstSequence, 0, batch.Count, runs.Hashes.Span, options, runs, statistics);
        }
        else
        {
            for (var start = 0; batch.RunLength(start) is var length and > 0; start += length)
            {
                AddRange(batch.BootId, batch.Sequence(start), start, length, runs.Hashes.Span, options, runs, statistics);
            }
        }

        Bound(options, statistics);
        return runs.Verdict();
    }

    /// <summary>As the first overload, of consecutive readings with their hashes.</summary>
    public DuplicateVerdict Add(
        ulong bootId, ulong first, ReadOnlySpan<ushort> hashes, DuplicateFilterOptions options, DuplicateRuns runs, DuplicateStatistics statistics)
    {
        runs.Clear();
        AddRange(bootId, first, 0, hashes.Length, hashes, options, runs, statistics);
        Bound(options, statistics);
        return runs.Verdict();
    }

    /// <summary>Takes the sequences first .. first + count - 1 of a boot, whose readings are not known, and says what each was.</summary>
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
        AddRange(bootId, first, 0, count, [], options, runs, statistics);
        Bound(options, statistics);
        return runs.Verdict();
    }

    /// <summary>Writes the state; about 20 bytes for a device with one boot and no gap, and two for each reading of which a hash is kept.</summary>
    public void Write(StateWriter writer)
    {
        writer.Byte(Marker);
        writer.Byte(Version);
        writer.Varint((ulong)_boots.Count);
        foreach (var boot in _boots)
        {
            boot.Write(writer);
        }
    }

    /// <summary>All is being written: <see cref="WriteChanges"/> writes what comes after.</summary>
    public void Written() => _boots.ForEach(static boot => boot.Written());

    /// <summary>Writes the boots with only the hashes that are new since <see cref="Written"/>; some 30 bytes, and two for each reading since.</summary>
    public void WriteChanges(StateWriter writer)
    {
        writer.Varint((ulong)_boots.Count);
        foreach (var boot in _boots)
        {
            boot.WriteChanges(writer);
        }
    }

    /// <summary>Reads what <see cref="WriteChanges"/> wrote, onto the state that was written as a whole before.</summary>
    /// <exception cref="FormatException">The bytes are not such changes.</exception>
    public void ReadChanges(ref StateReader reader)
    {
        var former = _boots.ToArray();
        _boots.Clear();
        for (var left = reader.Count(10); left > 0; left--)
        {
            var bootId = reader.Fixed64();
            var boot = Array.Find(former, known => known.BootId == bootId) ?? new BootSequences(bootId);
            boot.ReadChanges(ref reader);
            _boots.Add(boot);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote, or wrote before there were hashes.</summary>
    /// <exception cref="FormatException">The bytes are not such a state.</exception>
    public static DeviceSequences Read(ref StateReader reader)
    {
        var sequences = new DeviceSequences();
        var hasHashes = !reader.AtEnd && reader.Rest[0] == Marker;
        if (hasHashes)
        {
            reader.Byte();
            if (reader.Byte() is var version && version != Version)
            {
                throw new FormatException($"The sequences of a device have version {version}; this program reads version {Version} and the one before.");
            }
        }

        var count = reader.Count(10);
        for (var i = 0; i < count; i++)
        {
            sequences._boots.Add(BootSequences.Read(ref reader, hasHashes));
        }

        return sequences;
    }

    private void AddRange(
        ulong bootId, ulong first, int start, int count, ReadOnlySpan<ushort> hashes, DuplicateFilterOptions options, DuplicateRuns runs,
        DuplicateStatistics statistics)
    {
        var last = first + (ulong)(count - 1);
        var boot = MoveToFront(bootId);
        if (boot.TryExtend(first, last, hashes.IsEmpty ? [] : hashes.Slice(start, count), options))
        {
            runs.Add(start, count, DuplicateKind.New);
            return;
        }

        var conflicts = boot.Conflicts;
        if (boot.Add(first, last, start, hashes, options, runs))
        {
            statistics.GapsClosed++;
        }

        statistics.Conflicts += boot.Conflicts - conflicts;
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
        if (_boots.Count > 0 && _boots[0].BootId == bootId)
        {
            return _boots[0];
        }

        var index = IndexOf(bootId);

        var boot = index < 0 ? new BootSequences(bootId) : _boots[index];
        if (index > 0)
        {
            _boots.RemoveAt(index);
        }

        _boots.Insert(0, boot);
        if (_boots.Count > BootsWithHashes)
        {
            _boots[BootsWithHashes].DropHashes();
        }

        return boot;
    }

    private void Bound(DuplicateFilterOptions options, DuplicateStatistics statistics)
    {
        if (_boots.Count <= options.BootsPerDeviceMax)
        {
            return;
        }

        // At most one boot crosses each bound at a time: those behind it crossed before. A batch is of one boot.
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
