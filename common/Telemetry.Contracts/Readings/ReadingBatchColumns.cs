using System.Runtime.InteropServices;

namespace Telemetry.Contracts.Readings;

/// <summary>
/// The columns of one batch as they come off the wire, bounded by <see cref="ReadingLimits"/>, and the rules that make them a
/// batch (<see cref="Complete"/>). Arrays are reused from batch to batch.
/// </summary>
internal sealed class ReadingBatchColumns
{
    private (int Start, int Length)[] _sensors = new (int, int)[16];
    private int[] _sensorIndexes = new int[64];
    private long[] _times = new long[64];
    private double[] _values = new double[64];
    private byte[] _qualities = new byte[64];
    private ulong[] _sequences = [];
    private int _indexCount;
    private int _timeCount;
    private int _qualityCount;
    private int _sequenceCount;
    private int _floatCount;
    private bool _inTurn;

    /// <summary>Number of values, which is the number of readings.</summary>
    public int Count { get; private set; }

    public int SensorCount { get; private set; }

    /// <summary>Where the device id stands in the message.</summary>
    public (int Start, int Length) Device { get; set; }

    public ulong BootId { get; set; }

    public ulong FirstSequence { get; set; }

    public long BaseTime { get; set; }

    public long Interval { get; set; }

    /// <summary>What the sender says <see cref="Count"/> is; 0: nothing.</summary>
    public uint CountSaid { get; set; }

    public bool TimesAssigned { get; set; }

    /// <summary>Where the name stands for which <see cref="Complete"/> refused the batch; empty otherwise.</summary>
    public (int Start, int Length) BadName { get; private set; }

    public ReadOnlySpan<int> SensorIndexes => _sensorIndexes.AsSpan(0, Count);

    public ReadOnlySpan<long> EventTimes => _times.AsSpan(0, Count);

    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    public ReadOnlySpan<Quality> Qualities => MemoryMarshal.Cast<byte, Quality>(_qualities.AsSpan(0, Count));

    /// <summary>One a reading, strictly ascending; empty when they are consecutive.</summary>
    public ReadOnlySpan<ulong> Sequences => _sequences.AsSpan(0, _sequenceCount);

    public (int Start, int Length) Sensor(int index) => _sensors[index];

    /// <param name="sensorsInTurn">True: without an index column, reading i is of sensor i modulo their number.</param>
    public void Reset(bool sensorsInTurn)
    {
        _inTurn = sensorsInTurn;
        Count = SensorCount = _indexCount = _timeCount = _qualityCount = _sequenceCount = _floatCount = 0;
        BootId = FirstSequence = 0;
        BaseTime = Interval = 0;
        CountSaid = 0;
        TimesAssigned = false;
        Device = BadName = default;
    }

    /// <summary>What was read of a refused message must not be seen.</summary>
    public void Hide()
    {
        Count = SensorCount = _sequenceCount = 0;
        Device = default;
    }

    public ReadingBatchError AddSensor((int Start, int Length) range)
    {
        if (SensorCount == ReadingLimits.SensorsMax)
        {
            return ReadingBatchError.TooManySensors;
        }

        Grow(ref _sensors, SensorCount);
        _sensors[SensorCount++] = range;
        return ReadingBatchError.None;
    }

    /// <summary>uint32 on the wire: the low 32 bits count; beyond int.MaxValue turns negative and is refused as an index.</summary>
    public ReadingBatchError AddIndex(ulong value) => Add(ref _sensorIndexes, ref _indexCount, (int)(uint)value);

    public ReadingBatchError AddTimeDelta(long delta) => Add(ref _times, ref _timeCount, delta);

    public ReadingBatchError AddSequenceDelta(ulong delta) => Add(ref _sequences, ref _sequenceCount, delta);

    public ReadingBatchError AddQuality(ulong value) => (uint)value > (uint)Quality.Bad
        ? _qualityCount == ReadingLimits.ReadingsMax ? ReadingBatchError.TooManyReadings : ReadingBatchError.BadQuality
        : Add(ref _qualities, ref _qualityCount, (byte)value);

    public ReadingBatchError AddValue(ulong bits)
    {
        if (Count == ReadingLimits.ReadingsMax)
        {
            return ReadingBatchError.TooManyReadings;
        }

        Grow(ref _values, Count);
        _values[Count++] = BitConverter.UInt64BitsToDouble(bits);
        return ReadingBatchError.None;
    }

    public ReadingBatchError AddFloat(uint bits)
    {
        _floatCount++;
        return AddValue(BitConverter.DoubleToUInt64Bits(BitConverter.UInt32BitsToSingle(bits)));
    }

    /// <summary>Makes room for so many more values, if the batch may have them.</summary>
    public ReadingBatchError Reserve(int values)
    {
        if (values > ReadingLimits.ReadingsMax - Count)
        {
            return ReadingBatchError.TooManyReadings;
        }

        EnsureLength(ref _values, Count + values);
        return ReadingBatchError.None;
    }

    /// <summary>Fills the columns that were left out and checks what the wire format cannot.</summary>
    public ReadingBatchError Complete(ReadOnlySpan<byte> message)
    {
        if (Count == 0)
        {
            return ReadingBatchError.Empty;
        }

        if (CountSaid != 0 && CountSaid != Count)
        {
            return ReadingBatchError.CountDiffers;
        }

        if (_floatCount != 0 && _floatCount != Count)
        {
            return ReadingBatchError.ColumnsDiffer;
        }

        var error = CompleteIds(message);
        error = error != ReadingBatchError.None ? error : CompleteIndexes(message);
        error = error != ReadingBatchError.None ? error : CompleteQualities();
        return error != ReadingBatchError.None ? error : CompleteTimes();
    }

    private ReadingBatchError CompleteIds(ReadOnlySpan<byte> message)
    {
        if (!ReadingNames.IsDevice(message.Slice(Device.Start, Device.Length)))
        {
            BadName = Device;
            return ReadingBatchError.BadDevice;
        }

        if (BootId == 0)
        {
            return ReadingBatchError.NoBootId;
        }

        if (_sequenceCount == 0)
        {
            return FirstSequence == 0 || FirstSequence > ulong.MaxValue - (ulong)(Count - 1)
                ? ReadingBatchError.BadSequence
                : ReadingBatchError.None;
        }

        return _sequenceCount != Count ? ReadingBatchError.ColumnsDiffer
            : FirstSequence != 0 ? ReadingBatchError.BadSequence
            : SumSequences();
    }

    private ReadingBatchError SumSequences()
    {
        var sequence = 0UL;
        foreach (ref var cell in _sequences.AsSpan(0, Count))
        {
            if (cell == 0 || cell > ulong.MaxValue - sequence)
            {
                return ReadingBatchError.BadSequence;
            }

            cell = sequence += cell;
        }

        FirstSequence = _sequences[0];
        return ReadingBatchError.None;
    }

    private ReadingBatchError CompleteIndexes(ReadOnlySpan<byte> message)
    {
        for (var i = 0; i < SensorCount; i++)
        {
            if (!ReadingNames.IsSensor(message.Slice(_sensors[i].Start, _sensors[i].Length)))
            {
                BadName = _sensors[i];
                return ReadingBatchError.BadSensor;
            }
        }

        if (SensorCount == 0)
        {
            return ReadingBatchError.BadSensor;
        }

        if (_indexCount == 0 && (SensorCount == 1 || _inTurn))
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

    private ReadingBatchError CompleteQualities()
    {
        if (_qualityCount == 0)
        {
            EnsureLength(ref _qualities, Count);
            _qualities.AsSpan(0, Count).Clear();
            return ReadingBatchError.None;
        }

        return _qualityCount == Count ? ReadingBatchError.None : ReadingBatchError.ColumnsDiffer;
    }

    private ReadingBatchError CompleteTimes()
    {
        if (_timeCount == 0)
        {
            return CompleteRegularTimes();
        }

        if (_timeCount != Count || Interval != 0)
        {
            return ReadingBatchError.ColumnsDiffer;
        }

        var time = BaseTime;
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
        if (Interval == 0)
        {
            times.Fill(BaseTime);
            return ReadingBatchError.None;
        }

        Int128 last = (Int128)BaseTime + ((Int128)Interval * ((Count - 1) / SensorCount));
        if (last > long.MaxValue || last < long.MinValue)
        {
            return ReadingBatchError.BadTime;
        }

        for (var (turn, time) = (0, BaseTime); turn < Count; turn += SensorCount, time = unchecked(time + Interval))
        {
            times.Slice(turn, Math.Min(SensorCount, Count - turn)).Fill(time);
        }

        return ReadingBatchError.None;
    }

    private static ReadingBatchError Add<T>(ref T[] column, ref int count, T value)
    {
        if (count == ReadingLimits.ReadingsMax)
        {
            return ReadingBatchError.TooManyReadings;
        }

        Grow(ref column, count);
        column[count++] = value;
        return ReadingBatchError.None;
    }

    private static void Grow<T>(ref T[] array, int count)
    {
        if (count == array.Length)
        {
            Array.Resize(ref array, Math.Max(16, array.Length * 2));
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
