using System.Runtime.InteropServices;
using Telemetry.Contracts.Wire;

namespace Telemetry.Contracts.Readings;

/// <summary>
/// Decodes <c>ReadingBatch</c> messages, of every version, into columns that are reused from one call to the next: after the first few
/// batches nothing is allocated. Takes packed and unpacked fields, in any order, with unknown fields between, as
/// Google.Protobuf does (of a scalar sent twice the last counts), and checks every limit of <see cref="ReadingLimits"/>.
/// Not safe for concurrent use; what it exposes is valid until the next call.
/// </summary>
public sealed class ReadingBatchBuffer
{
    private ReadOnlyMemory<byte> _message;
    private (int Start, int Length)[] _sensors = new (int, int)[16];
    private int[] _sensorIndexes = new int[64];
    private long[] _times = new long[64];
    private double[] _values = new double[64];
    private byte[] _qualities = new byte[64];
    private int _indexCount;
    private int _timeCount;
    private int _qualityCount;
    private (int Start, int Length) _device;
    private long _baseTime;
    private long _interval;
    private int _floatCount;
    private ReadingBatchVersion _version;

    /// <summary>Number of readings.</summary>
    public int Count { get; private set; }

    /// <summary>Number of sensors named.</summary>
    public int SensorCount { get; private set; }

    /// <summary>Random at each start of the device.</summary>
    public ulong BootId { get; private set; }

    /// <summary>Sequence of reading 0; reading i has <c>FirstSequence + i</c>.</summary>
    public ulong FirstSequence { get; private set; }

    /// <summary>Device id, ASCII.</summary>
    public ReadOnlySpan<byte> Device => _message.Span.Slice(_device.Start, _device.Length);

    /// <summary>For each reading the index of its sensor.</summary>
    public ReadOnlySpan<int> SensorIndexes => _sensorIndexes.AsSpan(0, Count);

    /// <summary>For each reading its event time, microseconds since 1970-01-01T00:00:00Z.</summary>
    public ReadOnlySpan<long> EventTimes => _times.AsSpan(0, Count);

    /// <summary>For each reading its value; NaN and infinities are legal.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    /// <summary>For each reading its quality.</summary>
    public ReadOnlySpan<Quality> Qualities => MemoryMarshal.Cast<byte, Quality>(_qualities.AsSpan(0, Count));

    /// <summary>Name of sensor <paramref name="index"/>, ASCII.</summary>
    public ReadOnlySpan<byte> Sensor(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)SensorCount, nameof(index));
        var (start, length) = _sensors[index];
        return _message.Span.Slice(start, length);
    }

    /// <summary>Decodes and checks one message of version 1; otherwise as the other overload.</summary>
    public bool TryDecode(ReadOnlyMemory<byte> message, out ReadingBatchError error) =>
        TryDecode(ReadingBatchVersion.V1, message, out error);

    /// <summary>
    /// Decodes and checks one message of a version (<see cref="IReadingSchemas"/> tells which). On false the buffer holds
    /// nothing of use and <paramref name="error"/> says why.
    /// </summary>
    public bool TryDecode(ReadingBatchVersion version, ReadOnlyMemory<byte> message, out ReadingBatchError error)
    {
        switch (version)
        {
            case ReadingBatchVersion.V1 or ReadingBatchVersion.V2:
                error = Decode(version, message);
                break;
            case ReadingBatchVersion.Undecided:
                error = Decode(ReadingBatchVersion.V1, message);
                if (error != ReadingBatchError.None && Decode(ReadingBatchVersion.V2, message) == ReadingBatchError.None)
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

        // What was read of a refused message must not be seen.
        Count = SensorCount = 0;
        _device = default;
        return false;
    }

    private ReadingBatchError Decode(ReadingBatchVersion version, ReadOnlyMemory<byte> message)
    {
        _message = message;
        _version = version;
        Count = SensorCount = _indexCount = _timeCount = _qualityCount = _floatCount = 0;
        BootId = FirstSequence = 0;
        _baseTime = _interval = 0;
        _device = default;
        var error = message.Length > ReadingLimits.BatchBytesMax ? ReadingBatchError.TooLarge : ReadFields(message.Span);
        return error == ReadingBatchError.None ? Complete() : error;
    }

    private ReadingBatchError ReadFields(ReadOnlySpan<byte> span)
    {
        var reader = new ProtobufReader(span);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out var field, out var type))
            {
                return ReadingBatchError.Malformed;
            }

            var error = ReadField(ref reader, field, ReadingBatchFields.Column(_version, field), type);
            if (error != ReadingBatchError.None)
            {
                return error;
            }
        }

        return ReadingBatchError.None;
    }

    private ReadingBatchError ReadField(ref ProtobufReader reader, int field, int column, WireType type)
    {
        switch (column, type)
        {
            case (1, WireType.LengthDelimited):
                return TryReadRange(ref reader, out _device) ? ReadingBatchError.None : ReadingBatchError.Malformed;
            case (2, WireType.Fixed64):
                if (!reader.TryReadFixed64(out var boot))
                {
                    return ReadingBatchError.Malformed;
                }

                BootId = boot;
                return ReadingBatchError.None;
            case (3, WireType.Varint):
                if (!reader.TryReadVarint(out var first))
                {
                    return ReadingBatchError.Malformed;
                }

                FirstSequence = first;
                return ReadingBatchError.None;
            case (4, WireType.LengthDelimited):
                return AddSensor(ref reader);
            case (6, WireType.Fixed64):
                if (!reader.TryReadFixed64(out var time))
                {
                    return ReadingBatchError.Malformed;
                }

                _baseTime = (long)time;
                return ReadingBatchError.None;
            case (5 or 7 or 9, WireType.Varint):
                return reader.TryReadVarint(out var single) ? AddVarint(column, single) : ReadingBatchError.Malformed;
            case (8, WireType.Fixed64):
                return reader.TryReadFixed64(out var bits) ? AddValue(bits) : ReadingBatchError.Malformed;
            case (5 or 7 or 9, WireType.LengthDelimited):
                return reader.TryReadBytes(out var packed) ? AddVarints(column, packed) : ReadingBatchError.Malformed;
            case (8, WireType.LengthDelimited):
                return reader.TryReadBytes(out var doubles) ? AddValues(doubles) : ReadingBatchError.Malformed;
            case (ReadingBatchFields.Interval, WireType.Varint):
                if (!reader.TryReadVarint(out var interval))
                {
                    return ReadingBatchError.Malformed;
                }

                _interval = ProtobufReader.ZigZag(interval);
                return ReadingBatchError.None;
            case (ReadingBatchFields.FloatValues, WireType.Fixed32):
                return reader.TryReadFixed32(out var half) ? AddFloat(half) : ReadingBatchError.Malformed;
            case (ReadingBatchFields.FloatValues, WireType.LengthDelimited):
                return reader.TryReadBytes(out var floats) ? AddFloats(floats) : ReadingBatchError.Malformed;
            default:
                return reader.TrySkip(field, type) ? ReadingBatchError.None : ReadingBatchError.Malformed;
        }
    }

    private static bool TryReadRange(ref ProtobufReader reader, out (int Start, int Length) range)
    {
        range = default;
        if (!reader.TryReadBytes(out var bytes))
        {
            return false;
        }

        range = (reader.Position - bytes.Length, bytes.Length);
        return true;
    }

    private ReadingBatchError AddSensor(ref ProtobufReader reader)
    {
        if (!TryReadRange(ref reader, out var range))
        {
            return ReadingBatchError.Malformed;
        }

        if (SensorCount == ReadingLimits.SensorsMax)
        {
            return ReadingBatchError.TooManySensors;
        }

        Grow(ref _sensors, SensorCount);
        _sensors[SensorCount++] = range;
        return ReadingBatchError.None;
    }

    private ReadingBatchError AddVarints(int column, ReadOnlySpan<byte> packed)
    {
        var reader = new ProtobufReader(packed);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadVarint(out var value))
            {
                return ReadingBatchError.Malformed;
            }

            var error = AddVarint(column, value);
            if (error != ReadingBatchError.None)
            {
                return error;
            }
        }

        return ReadingBatchError.None;
    }

    private ReadingBatchError AddVarint(int column, ulong value)
    {
        switch (column)
        {
            case 5:
                if (_indexCount == ReadingLimits.ReadingsMax)
                {
                    return ReadingBatchError.TooManyReadings;
                }

                Grow(ref _sensorIndexes, _indexCount);

                // uint32 on the wire: the low 32 bits count; beyond int.MaxValue turns negative and is refused as an index.
                _sensorIndexes[_indexCount++] = (int)(uint)value;
                return ReadingBatchError.None;
            case 7:
                if (_timeCount == ReadingLimits.ReadingsMax)
                {
                    return ReadingBatchError.TooManyReadings;
                }

                Grow(ref _times, _timeCount);
                _times[_timeCount++] = ProtobufReader.ZigZag(value);
                return ReadingBatchError.None;
            default:
                if (_qualityCount == ReadingLimits.ReadingsMax)
                {
                    return ReadingBatchError.TooManyReadings;
                }

                if ((uint)value > (uint)Quality.Bad)
                {
                    return ReadingBatchError.BadQuality;
                }

                Grow(ref _qualities, _qualityCount);
                _qualities[_qualityCount++] = (byte)value;
                return ReadingBatchError.None;
        }
    }

    private ReadingBatchError AddValues(ReadOnlySpan<byte> packed)
    {
        if (packed.Length % sizeof(double) != 0)
        {
            return ReadingBatchError.Malformed;
        }

        var count = packed.Length / sizeof(double);
        if (count > ReadingLimits.ReadingsMax - Count)
        {
            return ReadingBatchError.TooManyReadings;
        }

        if (_values.Length < Count + count)
        {
            Array.Resize(ref _values, Math.Max(_values.Length * 2, Count + count));
        }

        var reader = new ProtobufReader(packed);
        while (reader.TryReadFixed64(out var bits))
        {
            _values[Count++] = BitConverter.UInt64BitsToDouble(bits);
        }

        return ReadingBatchError.None;
    }

    private ReadingBatchError AddValue(ulong bits)
    {
        if (Count == ReadingLimits.ReadingsMax)
        {
            return ReadingBatchError.TooManyReadings;
        }

        Grow(ref _values, Count);
        _values[Count++] = BitConverter.UInt64BitsToDouble(bits);
        return ReadingBatchError.None;
    }

    private ReadingBatchError AddFloats(ReadOnlySpan<byte> packed)
    {
        if (packed.Length % sizeof(float) != 0)
        {
            return ReadingBatchError.Malformed;
        }

        var reader = new ProtobufReader(packed);
        while (reader.TryReadFixed32(out var bits))
        {
            var error = AddFloat(bits);
            if (error != ReadingBatchError.None)
            {
                return error;
            }
        }

        return ReadingBatchError.None;
    }

    private ReadingBatchError AddFloat(uint bits)
    {
        _floatCount++;
        return AddValue(BitConverter.DoubleToUInt64Bits(BitConverter.UInt32BitsToSingle(bits)));
    }

    /// <summary>Fills the columns that were left out and checks what the wire format cannot.</summary>
    private ReadingBatchError Complete()
    {
        if (Count == 0)
        {
            return ReadingBatchError.Empty;
        }

        if (_floatCount != 0 && _floatCount != Count)
        {
            return ReadingBatchError.ColumnsDiffer;
        }

        if (!ReadingNames.IsDevice(Device))
        {
            return ReadingBatchError.BadDevice;
        }

        if (BootId == 0)
        {
            return ReadingBatchError.NoBootId;
        }

        if (FirstSequence == 0 || FirstSequence > ulong.MaxValue - (ulong)(Count - 1))
        {
            return ReadingBatchError.BadSequence;
        }

        for (var i = 0; i < SensorCount; i++)
        {
            if (!ReadingNames.IsSensor(Sensor(i)))
            {
                return ReadingBatchError.BadSensor;
            }
        }

        var error = CompleteIndexes();
        return error != ReadingBatchError.None ? error : CompleteTimesAndQualities();
    }

    private ReadingBatchError CompleteIndexes()
    {
        if (SensorCount == 0)
        {
            return ReadingBatchError.BadSensor;
        }

        if (_indexCount == 0 && (SensorCount == 1 || _version != ReadingBatchVersion.V1))
        {
            EnsureLength(ref _sensorIndexes, Count);
            var sensor = 0;
            foreach (ref var cell in _sensorIndexes.AsSpan(0, Count))
            {
                cell = sensor++;
                sensor = sensor == SensorCount ? 0 : sensor;
            }

            return ReadingBatchError.None;
        }

        if (_indexCount != Count)
        {
            return ReadingBatchError.ColumnsDiffer;
        }

        foreach (var index in SensorIndexes)
        {
            if ((uint)index >= (uint)SensorCount)
            {
                return ReadingBatchError.BadSensorIndex;
            }
        }

        return ReadingBatchError.None;
    }

    private ReadingBatchError CompleteTimesAndQualities()
    {
        if (_qualityCount == 0)
        {
            EnsureLength(ref _qualities, Count);
            _qualities.AsSpan(0, Count).Clear();
        }
        else if (_qualityCount != Count)
        {
            return ReadingBatchError.ColumnsDiffer;
        }

        if (_timeCount == 0)
        {
            return CompleteRegularTimes();
        }

        if (_timeCount != Count || _interval != 0)
        {
            return ReadingBatchError.ColumnsDiffer;
        }

        var time = _baseTime;
        foreach (ref var cell in _times.AsSpan(0, Count))
        {
            var next = unchecked(time + cell);
            if (((time ^ next) & (cell ^ next)) < 0)
            {
                return ReadingBatchError.BadTime;
            }

            cell = time = next;
        }

        return ReadingBatchError.None;
    }

    private ReadingBatchError CompleteRegularTimes()
    {
        EnsureLength(ref _times, Count);
        var times = _times.AsSpan(0, Count);
        if (_interval == 0)
        {
            times.Fill(_baseTime);
            return ReadingBatchError.None;
        }

        Int128 last = (Int128)_baseTime + ((Int128)_interval * ((Count - 1) / SensorCount));
        if (last > long.MaxValue || last < long.MinValue)
        {
            return ReadingBatchError.BadTime;
        }

        for (var (turn, time) = (0, _baseTime); turn < Count; turn += SensorCount, time = unchecked(time + _interval))
        {
            times.Slice(turn, Math.Min(SensorCount, Count - turn)).Fill(time);
        }

        return ReadingBatchError.None;
    }

    private static void Grow<T>(ref T[] array, int count)
    {
        if (count == array.Length)
        {
            Array.Resize(ref array, array.Length * 2);
        }
    }

    private static void EnsureLength<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            Array.Resize(ref array, Math.Max(array.Length * 2, length));
        }
    }
}
