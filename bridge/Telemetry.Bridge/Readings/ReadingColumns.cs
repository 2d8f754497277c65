using Telemetry.Contracts.Readings;

namespace Telemetry.Bridge.Readings;

/// <summary>
/// A batch in columns that can be changed: what JSON is read into, and what a Protobuf batch with bad readings is
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
    private bool[] _refused = new bool[64];
    private ulong[] _sequences = [];
    private bool _hasSequences;
    private bool _numbersGoodOnly;
    private int _deviceLength;
    private int _namesLength;
    private int _lastSensor;

    public ulong BootId { get; set; }

    /// <summary>Sequence of reading 0; the others follow unless <see cref="Sequences"/> says otherwise.</summary>
    public ulong FirstSequence { get; set; }

    public int Count { get; private set; }

    public int SensorCount { get; private set; }

    /// <summary>True: the time of at least one reading is that of arrival.</summary>
    public bool TimesAssigned { get; set; }

    /// <summary>Members of flat objects that are no measurements.</summary>
    public int MembersPassedOver { get; set; }

    /// <summary>Readings that are refused.</summary>
    public int RefusedCount { get; private set; }

    /// <summary>The first refusal; null when all readings are good.</summary>
    public Refusal? FirstRefusal { get; private set; }

    public ReadOnlySpan<byte> Device => _device.AsSpan(0, _deviceLength);

    public ReadOnlySpan<int> Indexes => _indexes.AsSpan(0, Count);

    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    public ReadOnlySpan<Quality> Qualities => _qualities.AsSpan(0, Count);

    /// <summary>One a reading; empty when they are consecutive.</summary>
    public ReadOnlySpan<ulong> Sequences => _hasSequences ? _sequences.AsSpan(0, Count) : [];

    public void Reset()
    {
        _refused.AsSpan(0, Count).Clear();
        Count = SensorCount = RefusedCount = MembersPassedOver = _namesLength = _lastSensor = _deviceLength = 0;
        BootId = FirstSequence = 0;
        TimesAssigned = _hasSequences = _numbersGoodOnly = false;
        FirstRefusal = null;
    }

    public void SetDevice(ReadOnlySpan<byte> device)
    {
        device.CopyTo(_device);
        _deviceLength = device.Length;
    }

    public bool IsRefused(int index) => _refused[index];

    public void CopyFrom(ReadingBatchBuffer batch)
    {
        Reset();
        SetDevice(batch.Device);
        BootId = batch.BootId;
        FirstSequence = batch.FirstSequence;
        TimesAssigned = batch.TimesAssigned;
        for (var i = 0; i < batch.SensorCount; i++)
        {
            AppendSensor(batch.Sensor(i));
        }

        for (var i = 0; i < batch.Count; i++)
        {
            Add(batch.SensorIndexes[i], batch.EventTimes[i], batch.Values[i], batch.Qualities[i]);
        }

        if (!batch.IsConsecutive)
        {
            UseSequences();
            for (var i = 0; i < Count; i++)
            {
                _sequences[i] = batch.Sequence(i);
            }
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
    public bool Add(int sensorIndex, long time, double value, Quality quality)
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
            Array.Resize(ref _refused, length);
        }

        _indexes[Count] = sensorIndex;
        _times[Count] = time;
        _values[Count] = value;
        _qualities[Count] = quality;
        Count++;
        return true;
    }

    /// <summary>Marks a reading as bad. Only the first refusal of a batch is kept: it tells the sender what to look at.</summary>
    public void Refuse(int index, Refusal refusal)
    {
        if (!_refused[index])
        {
            _refused[index] = true;
            FirstRefusal ??= refusal;
            RefusedCount++;
        }
    }

    /// <summary>Gives the readings from <paramref name="first"/> on one time.</summary>
    public void SetTimes(int first, long time) => _times.AsSpan(first, Count - first).Fill(time);

    /// <summary>Readings with an event time outside <paramref name="window"/> get <paramref name="time"/>, and are no better than uncertain.</summary>
    public void MoveTimes(EventTimeWindow window, long time)
    {
        for (var i = 0; i < Count; i++)
        {
            if (_times[i] < window.FromUs || _times[i] > window.ToUs)
            {
                _times[i] = time;
                _qualities[i] = _qualities[i] == Quality.Good ? Quality.Uncertain : _qualities[i];
                TimesAssigned = true;
            }
        }
    }

    /// <summary>Sequence of a reading.</summary>
    public ulong Sequence(int index) => _hasSequences ? _sequences[index] : FirstSequence + (ulong)index;

    /// <summary>The next run, from <paramref name="start"/> on, of good readings whose sequences follow one another; false when there is none.</summary>
    public bool TryNextRun(ref int start, out int length)
    {
        while (start < Count && _refused[start])
        {
            start++;
        }

        length = 0;
        while (start + length < Count && !_refused[start + length]
            && (length == 0 || Sequence(start + length) == Sequence(start + length - 1) + 1))
        {
            length++;
        }

        return length > 0;
    }

    /// <summary>Takes the refused readings out; the others keep their sequences.</summary>
    public void DropRefused()
    {
        if (RefusedCount == 0)
        {
            return;
        }

        var given = _hasSequences;
        UseSequences();
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (_refused[i])
            {
                continue;
            }

            _sequences[kept] = given ? _sequences[i] : FirstSequence + (ulong)i;
            _indexes[kept] = _indexes[i];
            _times[kept] = _times[i];
            _values[kept] = _values[i];
            _qualities[kept] = _qualities[i];
            kept++;
        }

        _refused.AsSpan(0, Count).Clear();
        RefusedCount = 0;
        Count = kept;
        if (_numbersGoodOnly)
        {
            _hasSequences = false;
        }
        else if (kept > 0)
        {
            FirstSequence = _sequences[0];
        }
    }

    /// <summary>Gives the readings that are not refused consecutive sequences.</summary>
    public void NumberGood(ulong bootId, ulong firstSequence)
    {
        (BootId, FirstSequence, _hasSequences, _numbersGoodOnly) = (bootId, firstSequence, false, true);
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

    public ReadOnlySpan<byte> Sensor(int index) => _names.AsSpan(_sensors[index].Start, _sensors[index].Length);

    private void UseSequences()
    {
        if (_sequences.Length < Count)
        {
            Array.Resize(ref _sequences, _values.Length);
        }

        _hasSequences = true;
    }

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
