using System.Buffers;
using Telemetry.Contracts.Wire;

namespace Telemetry.Contracts.Readings;

/// <summary>
/// Writes one <c>ReadingBatch</c> with one reservation and one advance: size first, then the bytes.
/// </summary>
public static class ReadingBatchWriter
{
    /// <summary>Writes a batch of consecutive sequences; returns its encoded size in bytes.</summary>
    /// <param name="output">Where the bytes go.</param>
    /// <param name="device">Device id, ASCII.</param>
    /// <param name="bootId">Random at each start of the device, not 0.</param>
    /// <param name="firstSequence">Sequence of reading 0, at least 1.</param>
    /// <param name="sensors">Sensor names, ASCII.</param>
    /// <param name="sensorIndexes">One a reading; may be empty when there is one sensor.</param>
    /// <param name="eventTimes">One a reading, microseconds since 1970-01-01T00:00:00Z.</param>
    /// <param name="values">One a reading.</param>
    /// <param name="qualities">One a reading; may be empty when all are good.</param>
    /// <exception cref="ArgumentException">The columns differ in length.</exception>
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
        if (eventTimes.Length != values.Length
            || (sensorIndexes.Length != values.Length && !(sensorIndexes.IsEmpty && sensors.Length == 1))
            || (qualities.Length != values.Length && !qualities.IsEmpty))
        {
            throw new ArgumentException("The columns of a batch must have one entry for each reading.", nameof(values));
        }

        var sizes = Measure(device, sensors, sensorIndexes, eventTimes, values, qualities);
        var writer = new SpanWriter(output.GetSpan(sizes.Total + ids.SizeMax(values.Length)));
        writer.Bytes(1, device);
        writer.Fixed64(2, bootId);
        ids.Write(ref writer, values.Length);
        foreach (var sensor in sensors)
        {
            writer.Bytes(4, sensor.Span);
        }

        if (sizes.Indexes > 0)
        {
            writer.Header(5, sizes.Indexes);
            foreach (var index in sensorIndexes)
            {
                writer.Varint((uint)index);
            }
        }

        WriteTimes(ref writer, eventTimes, sizes.Times);
        writer.Header(8, values.Length * sizeof(double));
        foreach (var value in values)
        {
            writer.Fixed64(BitConverter.DoubleToUInt64Bits(value));
        }

        if (sizes.Qualities > 0)
        {
            writer.Header(9, sizes.Qualities);
            foreach (var quality in qualities)
            {
                writer.Varint((ulong)quality);
            }
        }

        output.Advance(writer.Position);
        return writer.Position;
    }

    private static void WriteTimes(ref SpanWriter writer, ReadOnlySpan<long> eventTimes, int timesBytes)
    {
        if (eventTimes.IsEmpty)
        {
            return;
        }

        writer.Fixed64(6, (ulong)eventTimes[0]);
        if (timesBytes == 0)
        {
            return;
        }

        writer.Header(7, timesBytes);
        var last = eventTimes[0];
        foreach (var time in eventTimes)
        {
            writer.Varint(ProtobufReader.ZigZag(unchecked(time - last)));
            last = time;
        }
    }

    private static (int Total, int Indexes, int Times, int Qualities) Measure(
        ReadOnlySpan<byte> device,
        ReadOnlySpan<ReadOnlyMemory<byte>> sensors,
        ReadOnlySpan<int> sensorIndexes,
        ReadOnlySpan<long> eventTimes,
        ReadOnlySpan<double> values,
        ReadOnlySpan<Quality> qualities)
    {
        const int fixed64Field = 9;
        var indexes = 0;
        if (sensors.Length > 1)
        {
            foreach (var index in sensorIndexes)
            {
                indexes += ProtobufReader.VarintSize((uint)index);
            }
        }

        var times = 0;
        if (eventTimes.Length > 0 && eventTimes.ContainsAnyExcept(eventTimes[0]))
        {
            var last = eventTimes[0];
            foreach (var time in eventTimes)
            {
                times += ProtobufReader.VarintSize(ProtobufReader.ZigZag(unchecked(time - last)));
                last = time;
            }
        }

        var qualityBytes = qualities.ContainsAnyExcept(Quality.Good) ? qualities.Length : 0;
        var total = LengthDelimitedSize(device.Length) + fixed64Field + fixed64Field + LengthDelimitedSize(values.Length * sizeof(double));
        foreach (var sensor in sensors)
        {
            total += LengthDelimitedSize(sensor.Length);
        }

        total += indexes > 0 ? LengthDelimitedSize(indexes) : 0;
        total += times > 0 ? LengthDelimitedSize(times) : 0;
        total += qualityBytes > 0 ? LengthDelimitedSize(qualityBytes) : 0;
        return (total, indexes, times, qualityBytes);
    }

    /// <summary>Bytes of a field with a number up to 15 and this many bytes in it.</summary>
    internal static int LengthDelimitedSize(int length) => 1 + ProtobufReader.VarintSize((uint)length) + length;
}
