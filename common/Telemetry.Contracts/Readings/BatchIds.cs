using Telemetry.Contracts.Wire;

namespace Telemetry.Contracts.Readings;

/// <summary>The sequences of a batch to be written, and what else is said of it before its columns.</summary>
/// <param name="first">Sequence of reading 0, at least 1; counts up by one a reading unless <paramref name="sequences"/> says otherwise.</param>
/// <param name="sequences">One a reading, strictly ascending; empty when they are consecutive.</param>
/// <param name="timesAssigned">True: the times are those of arrival, because the sender gave none.</param>
public readonly ref struct BatchIds(ulong first, ReadOnlySpan<ulong> sequences, bool timesAssigned)
{
    private const int FirstField = 3;

    private readonly ReadOnlySpan<ulong> _sequences = IsConsecutive(sequences) ? [] : sequences;
    private readonly ulong _first = sequences.IsEmpty ? first : sequences[0];
    private readonly bool _timesAssigned = timesAssigned;

    /// <summary>Largest size of what <see cref="Write"/> writes.</summary>
    internal int SizeMax(int count)
    {
        const int scalar = 12;
        return (3 * scalar) + ProtobufReader.VarintSize((uint)count) + (_sequences.IsEmpty ? 0 : scalar + (10 * _sequences.Length));
    }

    internal void Write(ref SpanWriter writer, int count)
    {
        if (!_sequences.IsEmpty && _sequences.Length != count)
        {
            throw new ArgumentException("The columns of a batch must have one entry for each reading.", nameof(count));
        }

        if (_sequences.IsEmpty)
        {
            writer.Varint(FirstField, _first);
        }

        writer.Varint(ReadingBatchFields.Count, (uint)count);
        if (_timesAssigned)
        {
            writer.Varint(ReadingBatchFields.TimesAssigned, 1);
        }

        WriteSequences(ref writer);
    }

    private static bool IsConsecutive(ReadOnlySpan<ulong> sequences) =>
        sequences.IsEmpty || sequences[^1] - sequences[0] == (ulong)(sequences.Length - 1);

    private void WriteSequences(ref SpanWriter writer)
    {
        if (_sequences.IsEmpty)
        {
            return;
        }

        var bytes = 0;
        var last = 0UL;
        foreach (var sequence in _sequences)
        {
            bytes += ProtobufReader.VarintSize(sequence - last);
            last = sequence;
        }

        writer.Header(ReadingBatchFields.SequenceDeltas, bytes);
        last = 0UL;
        foreach (var sequence in _sequences)
        {
            writer.Varint(sequence - last);
            last = sequence;
        }
    }
}
