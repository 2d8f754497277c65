using System.Buffers;
using Telemetry.Contracts.Wire;

namespace Telemetry.Contracts.Readings;

/// <summary>
/// Writes one <c>telemetry.v2.ReadingBatch</c> with one reservation and one advance. Leaves out every column that the rest
/// tells: indexes of sensors in turn, times at a regular interval, the lower half of values that fit 32 bits.
/// </summary>
public static class ReadingBatchV2Writer
{
    /// <summary>Writes a batch; parameters, result and errors are those of <see cref="ReadingBatchWriter"/>.</summary>
    public static int Write(
        IBufferWriter<byte> output,
        ReadOnlySpan<byte> device,
        ulong bootId,
        ulong firstSequence,
        ReadOnlySpan<ReadOnlyMemory<byte>> sensors,
        ReadOnlySpan<int> sensorIndexes,
        ReadOnlySpan<long> eventTimes,
        ReadOnlySpan<double> values,
        ReadOnlySpan<Quality> qualities) =>
        Write(output, device, bootId, new BatchIds(firstSequence, [], false), sensors, sensorIndexes, eventTimes, values, qualities);

    /// <summary>As the other overload, with sequences that may leave some out.</summary>
    public static int Write(
        IBufferWriter<byte> output,
        ReadOnlySpan<byte> device,
        ulong bootId,
        in BatchIds ids,
        ReadOnlySpan<ReadOnlyMemory<byte>> sensors,
        ReadOnlySpan<int> sensorIndexes,
        ReadOnlySpan<long> eventTimes,
        ReadOnlySpan<double> values,
        ReadOnlySpan<Quality> qualities)
    {
        if (sensors.IsEmpty
            || eventTimes.Length != values.Length
            || (sensorIndexes.Length != values.Length && !(sensorIndexes.IsEmpty && sensors.Length == 1))
            || (qualities.Length != values.Length && !qualities.IsEmpty))
        {
            throw new ArgumentException("The columns of a batch must have one entry for each reading.", nameof(values));
        }

        var indexes = IsInTurn(sensorIndexes, sensors.Length) ? [] : sensorIndexes;
        var times = TryGetInterval(eventTimes, sensors.Length, out var interval) ? [] : eventTimes;
        var singles = AreSingles(values);
        var someBad = qualities.ContainsAnyExcept(Quality.Good);
        var size = SizeMax(device.Length, sensors, indexes.Length, times.Length, values.Length, someBad) + ids.SizeMax(values.Length);
        var writer = new SpanWriter(output.GetSpan(size));
        writer.Bytes(1, device);
        writer.Fixed64(2, bootId);
        ids.Write(ref writer, values.Length);
        foreach (var sensor in sensors)
        {
            writer.Bytes(4, sensor.Span);
        }

        WriteIndexes(ref writer, indexes);
        WriteTimes(ref writer, eventTimes, times, interval);
        WriteValues(ref writer, values, singles);
        if (someBad)
        {
            writer.Header(14, qualities.Length);
            foreach (var quality in qualities)
            {
                writer.Varint((ulong)quality);
            }
        }

        output.Advance(writer.Position);
        return writer.Position;
    }

    /// <summary>Largest size of these columns: variable-length numbers at their longest.</summary>
    private static int SizeMax(
        int deviceBytes, ReadOnlySpan<ReadOnlyMemory<byte>> sensors, int indexes, int times, int values, bool someBad)
    {
        const int scalars = 4 * 11;
        var size = scalars
            + ReadingBatchWriter.LengthDelimitedSize(deviceBytes)
            + ReadingBatchWriter.LengthDelimitedSize(indexes * 5)
            + ReadingBatchWriter.LengthDelimitedSize(times * 10)
            + ReadingBatchWriter.LengthDelimitedSize(values * sizeof(double))
            + (someBad ? ReadingBatchWriter.LengthDelimitedSize(values) : 0);
        foreach (var sensor in sensors)
        {
            size += ReadingBatchWriter.LengthDelimitedSize(sensor.Length);
        }

        return size;
    }

    private static bool IsInTurn(ReadOnlySpan<int> sensorIndexes, int sensors)
    {
        var next = 0;
        foreach (var index in sensorIndexes)
        {
            if (index != next)
            {
                return false;
            }

            next = next + 1 == sensors ? 0 : next + 1;
        }

        return true;
    }

    private static bool TryGetInterval(ReadOnlySpan<long> times, int sensors, out long interval)
    {
        interval = 0;
        if (times.Length > sensors)
        {
            var difference = (Int128)times[sensors] - times[0];
            if (difference > long.MaxValue || difference < long.MinValue)
            {
                return false;
            }

            interval = (long)difference;
        }

        for (var i = 0; i < times.Length; i++)
        {
            if (times[i] != times[0] + ((Int128)interval * (i / sensors)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool AreSingles(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            // By bits, so that a NaN keeps its payload and zero its sign.
            if (BitConverter.DoubleToUInt64Bits((float)value) != BitConverter.DoubleToUInt64Bits(value))
            {
                return false;
            }
        }

        return true;
    }

    private static void WriteIndexes(ref SpanWriter writer, ReadOnlySpan<int> indexes)
    {
        if (indexes.IsEmpty)
        {
            return;
        }

        var bytes = 0;
        foreach (var index in indexes)
        {
            bytes += ProtobufReader.VarintSize((uint)index);
        }

        writer.Header(5, bytes);
        foreach (var index in indexes)
        {
            writer.Varint((uint)index);
        }
    }

    private static void WriteTimes(ref SpanWriter writer, ReadOnlySpan<long> eventTimes, ReadOnlySpan<long> irregular, long interval)
    {
        if (eventTimes.IsEmpty)
        {
            return;
        }

        writer.Fixed64(6, (ulong)eventTimes[0]);
        if (irregular.IsEmpty)
        {
            if (interval != 0)
            {
                writer.Varint(10, ProtobufReader.ZigZag(interval));
            }

            return;
        }

        var bytes = 0;
        var last = irregular[0];
        foreach (var time in irregular)
        {
            bytes += ProtobufReader.VarintSize(ProtobufReader.ZigZag(unchecked(time - last)));
            last = time;
        }

        writer.Header(11, bytes);
        last = irregular[0];
        foreach (var time in irregular)
        {
            writer.Varint(ProtobufReader.ZigZag(unchecked(time - last)));
            last = time;
        }
    }

    private static void WriteValues(ref SpanWriter writer, ReadOnlySpan<double> values, bool singles)
    {
        writer.Header(singles ? 13 : 12, values.Length * (singles ? sizeof(float) : sizeof(double)));
        foreach (var value in values)
        {
            if (singles)
            {
                writer.Fixed32(BitConverter.SingleToUInt32Bits((float)value));
            }
            else
            {
                writer.Fixed64(BitConverter.DoubleToUInt64Bits(value));
            }
        }
    }
}
