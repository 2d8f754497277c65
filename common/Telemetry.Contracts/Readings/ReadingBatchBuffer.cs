namespace Telemetry.Contracts.Readings;

/// <summary>
/// Decodes <c>ReadingBatch</c> messages, of every version, into columns that are reused from one call to the next: after the first few
/// batches nothing is allocated. Checks every limit of <see cref="ReadingLimits"/>.
/// Not safe for concurrent use; what it exposes is valid until the next call.
/// </summary>
public sealed class ReadingBatchBuffer
{
    private readonly ReadingBatchColumns _columns = new();
    private ReadOnlyMemory<byte> _message;

    /// <summary>Number of readings.</summary>
    public int Count => _columns.Count;

    /// <summary>Number of sensors named.</summary>
    public int SensorCount => _columns.SensorCount;

    /// <summary>Random at each start of the device.</summary>
    public ulong BootId => _columns.BootId;

    /// <summary>Sequence of reading 0; see <see cref="Sequence"/> for the others.</summary>
    public ulong FirstSequence => _columns.FirstSequence;

    /// <summary>Sequence of the last reading, the highest.</summary>
    public ulong LastSequence => Sequence(Count - 1);

    /// <summary>False: some sequences between the first and the last are not in this batch.</summary>
    public bool IsConsecutive => _columns.Sequences.IsEmpty;

    /// <summary>True: the times are those of arrival, because the sender gave none.</summary>
    public bool TimesAssigned => _columns.TimesAssigned;

    /// <summary>True: the sender said how many readings there are, and there are so many.</summary>
    public bool SaysCount => _columns.CountSaid != 0;

    /// <summary>Device id, ASCII.</summary>
    public ReadOnlySpan<byte> Device => _message.Span.Slice(_columns.Device.Start, _columns.Device.Length);

    /// <summary>For each reading the index of its sensor.</summary>
    public ReadOnlySpan<int> SensorIndexes => _columns.SensorIndexes;

    /// <summary>For each reading its event time, microseconds since 1970-01-01T00:00:00Z.</summary>
    public ReadOnlySpan<long> EventTimes => _columns.EventTimes;

    /// <summary>For each reading its value; NaN and infinities are legal.</summary>
    public ReadOnlySpan<double> Values => _columns.Values;

    /// <summary>For each reading its quality.</summary>
    public ReadOnlySpan<Quality> Qualities => _columns.Qualities;

    /// <summary>After a refusal as <see cref="ReadingBatchError.BadDevice"/> or BadSensor: the name that is not legal.</summary>
    public ReadOnlySpan<byte> BadName => _message.Span.Slice(_columns.BadName.Start, _columns.BadName.Length);

    /// <summary>Name of sensor <paramref name="index"/>, ASCII.</summary>
    public ReadOnlySpan<byte> Sensor(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)SensorCount, nameof(index));
        var (start, length) = _columns.Sensor(index);
        return _message.Span.Slice(start, length);
    }

    /// <summary>Sequence of reading <paramref name="index"/>: with device and boot id, its event id.</summary>
    public ulong Sequence(int index)
    {
        var sequences = _columns.Sequences;
        return sequences.IsEmpty ? FirstSequence + (ulong)index : sequences[index];
    }

    /// <summary>Number of readings from <paramref name="start"/> on whose sequences follow one another; 0 at the end.</summary>
    public int RunLength(int start)
    {
        var sequences = _columns.Sequences;
        if (sequences.IsEmpty || start >= Count)
        {
            return Count - start;
        }

        var end = start + 1;
        while (end < Count && sequences[end] == sequences[end - 1] + 1)
        {
            end++;
        }

        return end - start;
    }

    /// <summary>Decodes and checks one message of version 1; otherwise as the other overload.</summary>
    public bool TryDecode(ReadOnlyMemory<byte> message, out ReadingBatchError error) =>
        TryDecode(ReadingBatchVersion.V1, message, out error);

    /// <summary>
    /// Decodes and checks one message of a version (<see cref="IReadingSchemas"/> tells which). On false the buffer holds
    /// nothing of use but <see cref="BadName"/>, and <paramref name="error"/> says why.
    /// </summary>
    public bool TryDecode(ReadingBatchVersion version, ReadOnlyMemory<byte> message, out ReadingBatchError error)
    {
        _message = message;
        switch (version)
        {
            case ReadingBatchVersion.V1 or ReadingBatchVersion.V2:
                error = Decode(version);
                break;
            case ReadingBatchVersion.Undecided:
                error = Decode(ReadingBatchVersion.V1);
                if (error != ReadingBatchError.None && Decode(ReadingBatchVersion.V2) == ReadingBatchError.None)
                {
                    error = ReadingBatchError.None;
                }

                break;
            default:
                error = ReadingBatchError.SchemaUnknown;
                break;
        }

        if (error == ReadingBatchError.None)
        {
            return true;
        }

        _columns.Hide();
        return false;
    }

    private ReadingBatchError Decode(ReadingBatchVersion version)
    {
        _columns.Reset(sensorsInTurn: version != ReadingBatchVersion.V1);
        var error = _message.Length > ReadingLimits.BatchBytesMax
            ? ReadingBatchError.TooLarge
            : ReadingBatchParser.Read(version, _message.Span, _columns);
        return error == ReadingBatchError.None ? _columns.Complete(_message.Span) : error;
    }
}
