using System.Buffers.Binary;
using Telemetry.Contracts.Readings;

namespace Telemetry.Streams.Deduplication;

/// <summary>
/// A short hash of what a reading says: time, sensor and value. Two readings with one event id and different hashes are different
/// readings for certain; with the same hash they are the same but for one case in 65,536. The hash is part of the state of
/// consumers, so it must never change. A time that was given on arrival is left out, as a copy arrives at another time.
/// Reused from batch to batch; not safe for concurrent use.
/// </summary>
public sealed class ReadingHashes
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;

    private ulong[] _sensors = new ulong[16];
    private ushort[] _hashes = new ushort[64];
    private int _count;

    /// <summary>One hash a reading of the last batch; valid until the next.</summary>
    public ReadOnlySpan<ushort> Span => _hashes.AsSpan(0, _count);

    /// <summary>Computes the hashes of a batch.</summary>
    public void Of(ReadingBatchBuffer batch)
    {
        Reserve(batch.SensorCount, batch.Count);
        for (var i = 0; i < batch.SensorCount; i++)
        {
            _sensors[i] = Name(batch.Sensor(i));
        }

        Fill(batch.SensorIndexes, batch.EventTimes, batch.Values, batch.TimesAssigned);
    }

    /// <summary>Computes the hashes of readings in columns.</summary>
    /// <param name="sensors">Names of the sensors.</param>
    /// <param name="indexes">For each reading the index of its sensor.</param>
    /// <param name="times">For each reading its time.</param>
    /// <param name="values">For each reading its value.</param>
    /// <param name="timesAssigned">True: the times are those of arrival.</param>
    public void Of(
        ReadOnlySpan<ReadOnlyMemory<byte>> sensors,
        ReadOnlySpan<int> indexes,
        ReadOnlySpan<long> times,
        ReadOnlySpan<double> values,
        bool timesAssigned)
    {
        Reserve(sensors.Length, values.Length);
        for (var i = 0; i < sensors.Length; i++)
        {
            _sensors[i] = Name(sensors[i].Span);
        }

        Fill(indexes, times, values, timesAssigned);
    }

    private static ulong Name(ReadOnlySpan<byte> name)
    {
        var hash = Prime3 + (ulong)name.Length;
        while (name.Length >= sizeof(ulong))
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(name));
            name = name[sizeof(ulong)..];
        }

        var tail = 0UL;
        for (var i = name.Length - 1; i >= 0; i--)
        {
            tail = (tail << 8) | name[i];
        }

        return Mix(hash, tail);
    }

    private static ulong Mix(ulong hash, ulong word)
    {
        hash = (hash ^ word) * Prime1;
        return (hash ^ (hash >> 29)) * Prime2;
    }

    private void Reserve(int sensors, int count)
    {
        if (_sensors.Length < sensors)
        {
            _sensors = new ulong[Math.Max(_sensors.Length * 2, sensors)];
        }

        if (_hashes.Length < count)
        {
            _hashes = new ushort[Math.Max(_hashes.Length * 2, count)];
        }

        _count = count;
    }

    private void Fill(ReadOnlySpan<int> indexes, ReadOnlySpan<long> times, ReadOnlySpan<double> values, bool timesAssigned)
    {
        for (var i = 0; i < values.Length; i++)
        {
            // There are many NaNs, and conversions between layouts do not keep them apart.
            var value = double.IsNaN(values[i]) ? Prime3 : BitConverter.DoubleToUInt64Bits(values[i]);
            var hash = Mix(_sensors[indexes[i]], value);
            hash = timesAssigned ? hash : Mix(hash, (ulong)times[i]);
            _hashes[i] = (ushort)(hash >> 48);
        }
    }
}
