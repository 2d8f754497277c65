using System.Globalization;

namespace Telemetry.Storage.Audit;

/// <summary>
/// One of several equal shares of all event ids (device, boot, sequence), told alike here and in SQL. When the sequences of all do not fit
/// in memory, each share is compared by itself. Sequences change their share in blocks, so ranges stay ranges.
/// </summary>
/// <param name="Index">Which, from 0.</param>
/// <param name="Count">Of how many.</param>
public readonly record struct SequenceShare(ulong Index, ulong Count)
{
    private const int BlockBits = 20;

    /// <summary>All of them.</summary>
    public static SequenceShare All => new(0, 1);

    /// <summary>A condition on device, boot and sequence.</summary>
    internal string Condition => Count == 1 ? "1" : string.Create(
        CultureInfo.InvariantCulture,
        $"bitXor(bitXor(toUInt64(CRC32(device)), boot), bitShiftRight(sequence, {BlockBits})) % {Count} = {Index}");

    /// <summary>This share in four.</summary>
    public IEnumerable<SequenceShare> Split()
    {
        for (var i = 0UL; i < 4; i++)
        {
            yield return new SequenceShare(Index + (i * Count), Count * 4);
        }
    }

    /// <summary>Calls <paramref name="take"/> for the parts of a range of sequences that belong to this share.</summary>
    public void Cut<TState>(string device, ulong boot, ulong first, ulong last, TState state, Action<TState, ulong, ulong> take)
    {
        if (Count == 1)
        {
            take(state, first, last);
            return;
        }

        var seed = Checksum.Crc32(device) ^ boot;
        while (true)
        {
            var end = Math.Min(last, first | ((1UL << BlockBits) - 1));
            if ((seed ^ (first >> BlockBits)) % Count == Index)
            {
                take(state, first, end);
            }

            if (end == last)
            {
                return;
            }

            first = end + 1;
        }
    }
}
