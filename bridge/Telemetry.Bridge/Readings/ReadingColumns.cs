using Telemetry.Contracts.Readings;

namespace Telemetry.Bridge.Readings;

/// <summary>
/// A batch in columns that can be changed and cut: what JSON is read into, and what a Protobuf batch with bad readings is
/// copied into. Reused from one publish to the next; bounded by <see cref="ReadingLimits"/>.
/// </summary>
internal sealed class ReadingColumns
{
    private readonly byte[] _device = new byte[ReadingLimits.NameBytesMax];
    private byte[] _names = new byte[1024];
    private (int Start, int Length)[] _sensors = new (int, int)[16];
    private ReadOnlyMemory<byte>[] _sensorMemory = new ReadOnlyMemory<byte>[16];
    private int[] _indexes = new int[64];
    private long[] _times = new long[64];
    private double[] _values = new double[64];
    private Quality[] _qualities = new Quality[64];
    private Refusal?[] _refusals = new Refusal?[64];
    private int _deviceLength;
    private int _namesLength;
    private int _lastSensor;

    public ulong BootId { get; set; }

    public ulong FirstSequence { get; set; }

    public int Count { get; private set; }

    public int SensorCount { get; private set; }

    /// <summary>Readings with a refusal.</summary>
    public int RefusedCount { get; private set; }

    /// <summary>The first refusal; null when all readings are good.</summary>
    public Refusal? FirstRefusal { get; private set; }

    public ReadOnlySpan<byte> Device => _device.AsSpan(0, _deviceLength);

    public ReadOnlySpan<int> Indexes => _indexes.AsSpan(0, Count);

    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    public ReadOnlySpan<Quality> Qualities => _qualities.AsSpan(0, Count);

    public void Reset()
    {
        _refusals.AsSpan(0, Count).Clear();
        Count = SensorCount = RefusedCount = _namesLength = _lastSensor = _deviceLength = 0;
        BootId = FirstSequence = 0;
        FirstRefusal = null;
    }

    public void SetDevice(ReadOnlySpan<byte> device)
    {
        device.CopyTo(_device);
        _deviceLength = device.Length;
    }

    public Refusal? RefusalOf(int index) => _refusals[index];

    public void CopyFrom(ReadingBatchBuffer batch)
    {
        Reset();
        SetDevice(batch.Device);
        BootId = batch.BootId;
        FirstSequence = batch.FirstSequence;
        for (var i = 0; i < batch.SensorCount; i++)
        {
            AppendSensor(batch.Sensor(i));
        }

        for (var i = 0; i < batch.Count; i++)
        {
            Add(batch.SensorIndexes[i], batch.EventTimes[i], batch.Values[i], batch.Qualities[i], null);
        }
    }

    /// <summary>Index of a sensor name, added when new; -1 when there are too many.</summary>
    public int SensorIndex(ReadOnlySpan<byte> name)
    {
        // Batches repeat their sensors in turn, so the next one is most often the one after the last.
        for (var i = 0; i < SensorCount; i++)
        {
            var candidate = (_lastSensor + 1 + i) % SensorCount;
            if (Sensor(candidate).SequenceEqual(name))
            {
                return _lastSensor = candidate;
            }
        }

        return SensorCount == ReadingLimits.SensorsMax ? -1 : _lastSensor = AppendSensor(name);
    }

    /// <summary>False: the batch is full.</summary>
    public bool Add(int sensorIndex, long time, double value, Quality quality, Refusal? refusal)
    {
        if (Count == ReadingLimits.ReadingsMax)
        {
            return false;
        }

        if (Count == _values.Length)
        {
            var length = _values.Length * 2;
            Array.Resize(ref _indexes, length);
            Array.Resize(ref _times, length);
            Array.Resize(ref _values, length);
            Array.Resize(ref _qualities, length);
            Array.Resize(ref _refusals, length);
        }

        _indexes[Count] = sensorIndex;
        _times[Count] = time;
        _values[Count] = value;
        _qualities[Count] = quality;
        Count++;
        if (refusal is not null)
        {
            Refuse(Count - 1, refusal);
        }

        return true;
    }

    /// <summary>Marks a reading as bad; its first refusal stays.</summary>
    public void Refuse(int index, Refusal refusal)
    {
        if (_refusals[index] is null)
        {
            _refusals[index] = refusal;
            FirstRefusal ??= refusal;
            RefusedCount++;
        }
    }

    /// <summary>Readings with an event time outside <paramref name="window"/> get <paramref name="time"/>, and are no better than uncertain.</summary>
    public void MoveTimes(EventTimeWindow window, long time)
    {
        for (var i = 0; i < Count; i++)
        {
            if (_times[i] < window.FromUs || _times[i] > window.ToUs)
            {
                _times[i] = time;
                _qualities[i] = _qualities[i] == Quality.Good ? Quality.Uncertain : _qualities[i];
            }
        }
    }

    /// <summary>The next run of good readings from <paramref name="start"/> on; false when there is none.</summary>
    public bool TryNextRun(ref int start, out int length)
    {
        while (start < Count && _refusals[start] is not null)
        {
            start++;
        }

        length = 0;
        while (start + length < Count && _refusals[start + length] is null)
        {
            length++;
        }

        return length > 0;
    }

    /// <summary>Names of the sensors; valid until the next change.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Sensors()
    {
        if (_sensorMemory.Length < SensorCount)
        {
            Array.Resize(ref _sensorMemory, _sensors.Length);
        }

        for (var i = 0; i < SensorCount; i++)
        {
            _sensorMemory[i] = _names.AsMemory(_sensors[i].Start, _sensors[i].Length);
        }

        return _sensorMemory.AsSpan(0, SensorCount);
    }

    private ReadOnlySpan<byte> Sensor(int index) => _names.AsSpan(_sensors[index].Start, _sensors[index].Length);

    private int AppendSensor(ReadOnlySpan<byte> name)
    {
        if (SensorCount == _sensors.Length)
        {
            Array.Resize(ref _sensors, _sensors.Length * 2);
        }

        if (_namesLength + name.Length > _names.Length)
        {
            Array.Resize(ref _names, Math.Max(_names.Length * 2, _namesLength + name.Length));
        }

        name.CopyTo(_names.AsSpan(_namesLength));
        _sensors[SensorCount] = (_namesLength, name.Length);
        _namesLength += name.Length;
        return SensorCount++;
    }
}
