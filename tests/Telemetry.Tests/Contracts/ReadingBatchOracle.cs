using System.Text;
using Google.Protobuf;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;

namespace Telemetry.Tests.Contracts;

/// <summary>
/// Decides by way of Google.Protobuf, slowly, what <see cref="ReadingBatchBuffer"/> must answer to any bytes, and
/// compares: taken or refused, and every column.
/// </summary>
internal static class ReadingBatchOracle
{
    public static ReadingBatchError Check(ReadingBatchBuffer buffer, byte[] bytes)
    {
        var expected = Expect(bytes);
        var taken = buffer.TryDecode(bytes, out var error);
        taken.ShouldBe(error == ReadingBatchError.None);
        taken.ShouldBe(expected is not null, $"{error}: {Convert.ToHexString(bytes)}");
        if (expected is null)
        {
            buffer.Count.ShouldBe(0);
            buffer.SensorCount.ShouldBe(0);
            buffer.Device.Length.ShouldBe(0);
            return error;
        }

        Encoding.ASCII.GetString(buffer.Device).ShouldBe(expected.Device);
        buffer.BootId.ShouldBe(expected.BootId);
        Enumerable.Range(0, buffer.Count).Select(buffer.Sequence).ShouldBe(Bridge.BridgeFixture.Sequences(expected));
        buffer.TimesAssigned.ShouldBe(expected.TimesAssigned);
        buffer.SaysCount.ShouldBe(expected.Count != 0);
        buffer.Count.ShouldBe(expected.Values.Count);
        buffer.SensorCount.ShouldBe(expected.Sensors.Count);
        var time = expected.BaseTimeUs;
        for (var i = 0; i < buffer.Count; i++)
        {
            var index = expected.SensorIndexes.Count == 0 ? 0 : (int)expected.SensorIndexes[i];
            buffer.SensorIndexes[i].ShouldBe(index);
            Encoding.ASCII.GetString(buffer.Sensor(index)).ShouldBe(expected.Sensors[index]);
            time += expected.TimeDeltasUs.Count == 0 ? 0 : expected.TimeDeltasUs[i];
            buffer.EventTimes[i].ShouldBe(time);
            BitConverter.DoubleToInt64Bits(buffer.Values[i]).ShouldBe(BitConverter.DoubleToInt64Bits(expected.Values[i]));
            ((int)buffer.Qualities[i]).ShouldBe(expected.Qualities.Count == 0 ? 0 : (int)expected.Qualities[i]);
        }

        return error;
    }

    /// <summary>
    /// Google's C# runtime takes a packed field with a length of 2^31 or more for an empty one; the wire format, its other
    /// runtimes and we refuse such a message.
    /// </summary>
    private static bool HasNegativeLength(byte[] bytes)
    {
        var position = 0;
        while (position < bytes.Length)
        {
            // A new reader for each field: the public one cannot pass over raw bytes.
            using var rest = new MemoryStream(bytes, position, bytes.Length - position);
            using var input = CodedInputStream.CreateWithLimits(rest, int.MaxValue, recursionLimit: 200);
            var tag = input.ReadTag();
            if (WireFormat.GetTagWireType(tag) != WireFormat.WireType.LengthDelimited)
            {
                input.SkipLastField();
                position += (int)input.Position;
                continue;
            }

            var length = input.ReadLength();
            if (length < 0)
            {
                return true;
            }

            position += (int)input.Position + length;
        }

        return false;
    }

    private static ReadingBatch? Expect(byte[] bytes)
    {
        try
        {
            var batch = ReadingBatch.Parser.ParseFrom(bytes);
            return bytes.Length <= ReadingLimits.BatchBytesMax && IsLegal(batch) && !HasNegativeLength(bytes) ? batch : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static bool IsLegal(ReadingBatch batch)
    {
        var count = batch.Values.Count;
        return count is > 0 and <= ReadingLimits.ReadingsMax
            && ReadingNames.IsDevice(Encoding.UTF8.GetBytes(batch.Device))
            && batch.BootId != 0
            && (batch.Count == 0 || batch.Count == count)
            && SequencesFit(batch)
            && batch.Sensors.Count is > 0 and <= ReadingLimits.SensorsMax
            && batch.Sensors.All(name => ReadingNames.IsSensor(Encoding.UTF8.GetBytes(name)))
            && (batch.SensorIndexes.Count == count || (batch.SensorIndexes.Count == 0 && batch.Sensors.Count == 1))
            && batch.SensorIndexes.All(index => index < batch.Sensors.Count)
            && (batch.Qualities.Count == 0 || batch.Qualities.Count == count)
            && batch.Qualities.All(quality => (int)quality is >= 0 and <= 2)
            && (batch.TimeDeltasUs.Count == 0 || batch.TimeDeltasUs.Count == count)
            && TimesFit(batch);
    }

    private static bool SequencesFit(ReadingBatch batch)
    {
        var count = batch.Values.Count;
        if (batch.SequenceDeltas.Count == 0)
        {
            return batch.FirstSequence != 0 && batch.FirstSequence <= ulong.MaxValue - (ulong)(count - 1);
        }

        Int128 last = 0;
        foreach (var delta in batch.SequenceDeltas)
        {
            last += delta;
        }

        return batch.FirstSequence == 0 && batch.SequenceDeltas.Count == count && last <= ulong.MaxValue && batch.SequenceDeltas.All(delta => delta > 0);
    }

    private static bool TimesFit(ReadingBatch batch)
    {
        Int128 time = batch.BaseTimeUs;
        foreach (var delta in batch.TimeDeltasUs)
        {
            time += delta;
            if (time > long.MaxValue || time < long.MinValue)
            {
                return false;
            }
        }

        return true;
    }
}
