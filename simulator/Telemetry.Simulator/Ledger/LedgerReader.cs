using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Text;

namespace Telemetry.Simulator.Ledger;

/// <summary>Reads the ledgers of all runs in a directory, finished, killed or still being written.</summary>
public static class LedgerReader
{
    /// <summary>One entry for each boot of each device that came so far as to boot.</summary>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="InvalidDataException">A file is not a ledger; the message names it.</exception>
    public static IEnumerable<LedgerEntry> Read(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "*" + LedgerLayout.LedgerSuffix).Order(StringComparer.Ordinal))
        {
            foreach (var entry in ReadRun(path))
            {
                yield return entry;
            }
        }
    }

    private static IEnumerable<LedgerEntry> ReadRun(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (file.Length < LedgerLayout.HeaderBytes)
        {
            // Killed while it was being made: nothing was sent yet.
            yield break;
        }

        using var map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        using var view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        var magic = view.ReadUInt64(0);
        if (magic == 0)
        {
            yield break;
        }

        var slots = view.ReadUInt64(8);
        var perPublish = view.ReadUInt64(16);
        if (magic != LedgerLayout.Magic || perPublish == 0
            || LedgerLayout.HeaderBytes + (slots * LedgerLayout.SlotBytes) > (ulong)file.Length)
        {
            throw new InvalidDataException($"{path} is not a ledger of this version, or is cut off. Move it away to read the others.");
        }

        var read = new List<(int Slot, ulong Sent, List<(ulong First, ulong Last)> Settled)>();
        for (var slot = 0; slot < (int)slots; slot++)
        {
            if (view.ReadUInt64(At(slot) + LedgerLayout.BootAt) != 0)
            {
                var (sent, settled) = ReadSettled(view, At(slot));
                read.Add((slot, sent, settled));
            }
        }

        // A refusal is written before its publish is settled, so what is read after the slots has them all.
        var refusals = ReadRefusals(Path.ChangeExtension(path, LedgerLayout.RefusalsSuffix));
        foreach (var (slot, sent, settled) in read)
        {
            yield return Entry(view, At(slot), perPublish, sent, settled, [.. refusals[slot].Order()]);
        }
    }

    private static long At(int slot) => LedgerLayout.HeaderBytes + ((long)slot * LedgerLayout.SlotBytes);

    private static LedgerEntry Entry(
        MemoryMappedViewAccessor view,
        long at,
        ulong perPublish,
        ulong sent,
        List<(ulong First, ulong Last)> settled,
        ulong[] refusedPublishes)
    {
        var name = new byte[LedgerLayout.DeviceBytes];
        view.ReadArray(at + LedgerLayout.DeviceAt, name, 0, name.Length);
        var acked = new List<SequenceRange>();
        var refused = new List<SequenceRange>();
        foreach (var (first, last) in settled)
        {
            var from = first;
            foreach (var publish in refusedPublishes)
            {
                if (publish >= first && publish <= last)
                {
                    Add(acked, from, publish);
                    Add(refused, publish, publish + 1);
                    from = publish + 1;
                }
            }

            Add(acked, from, last + 1);
        }

        return new(
            Encoding.ASCII.GetString(name).TrimEnd('\0'), view.ReadUInt64(at + LedgerLayout.BootAt), sent * perPublish, acked, refused);

        void Add(List<SequenceRange> ranges, ulong from, ulong to)
        {
            if (from >= to)
            {
                return;
            }

            var range = new SequenceRange((from * perPublish) + 1, to * perPublish);
            if (ranges.Count > 0 && ranges[^1].Last + 1 == range.First)
            {
                range = new(ranges[^1].First, range.Last);
                ranges.RemoveAt(ranges.Count - 1);
            }

            ranges.Add(range);
        }
    }

    /// <summary>
    /// Publishes sent, and ranges (inclusive) of settled ones. <c>sent</c> is read before the bits and <c>settled</c> after
    /// them. So the bit of a publish from <c>settled</c> up to <c>sent</c> is its own: it was cleared before <c>sent</c>
    /// passed the publish, and is used again only after <c>settled</c> has passed it.
    /// </summary>
    private static (ulong Sent, List<(ulong First, ulong Last)> Settled) ReadSettled(MemoryMappedViewAccessor view, long at)
    {
        var sent = view.ReadUInt64(at + LedgerLayout.SentAt);
        Interlocked.MemoryBarrier();
        Span<ulong> bits =
        [
            view.ReadUInt64(at + LedgerLayout.BitsAt), view.ReadUInt64(at + LedgerLayout.BitsAt + 8),
            view.ReadUInt64(at + LedgerLayout.BitsAt + 16), view.ReadUInt64(at + LedgerLayout.BitsAt + 24),
        ];
        Interlocked.MemoryBarrier();
        var settled = view.ReadUInt64(at + LedgerLayout.SettledAt);
        var ranges = new List<(ulong, ulong)>();
        if (settled > 0)
        {
            ranges.Add((0, settled - 1));
        }

        for (var publish = settled; publish < sent; publish++)
        {
            var index = publish % LedgerLayout.Window;
            if ((bits[(int)(index / 64)] & (1UL << (int)(index % 64))) != 0)
            {
                ranges.Add((publish, publish));
            }
        }

        return (Math.Max(sent, settled), ranges);
    }

    /// <summary>Refused publishes by slot.</summary>
    private static ILookup<int, ulong> ReadRefusals(string path)
    {
        var refusals = new List<(int Slot, ulong Publish)>();
        if (File.Exists(path))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 64 * 1024);
            Span<byte> record = stackalloc byte[LedgerLayout.RefusalBytes];
            while (file.ReadAtLeast(record, record.Length, throwOnEndOfStream: false) == record.Length)
            {
                refusals.Add(((int)BinaryPrimitives.ReadInt64LittleEndian(record), BinaryPrimitives.ReadUInt64LittleEndian(record[8..])));
            }
        }

        return refusals.ToLookup(refusal => refusal.Slot, refusal => refusal.Publish);
    }
}
